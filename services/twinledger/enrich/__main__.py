"""Enrich as a program: python -m twinledger.enrich"""

from twinledger.enrich.settings import EnrichSettings
from twinledger.enrich.wiring import wire
from twinledger.kernel.service import run_service

if __name__ == "__main__":
    run_service("enrich", EnrichSettings, wire)
