"""Transform as a program: python -m twinledger.transform"""

from twinledger.kernel.service import run_service
from twinledger.transform.settings import TransformSettings
from twinledger.transform.wiring import wire

if __name__ == "__main__":
    run_service("transform", TransformSettings, wire)
