"""Ingest as a program: python -m twinledger.ingest"""

from twinledger.ingest.settings import IngestSettings
from twinledger.ingest.wiring import wire
from twinledger.kernel.service import run_service

if __name__ == "__main__":
    run_service("ingest", IngestSettings, wire)
