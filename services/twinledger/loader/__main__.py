"""Loader as a program: python -m twinledger.loader"""

from twinledger.kernel.service import run_service
from twinledger.loader.settings import LoaderSettings
from twinledger.loader.wiring import wire

if __name__ == "__main__":
    run_service("loader", LoaderSettings, wire)
