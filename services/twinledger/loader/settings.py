"""Loader: its settings. Every number has a default that works; vendor limits are never constants in code."""

from __future__ import annotations

from pydantic import BaseModel

from twinledger.kernel.settings import StageSettings

__all__ = ["LoaderSettings", "LoaderTimes"]


class LoaderTimes(BaseModel):
    """`find_lag_s` is D, `latest_run_s` is T_max: how long a lost write may still run at a vendor."""

    find_lag_s: float = 5.0
    latest_run_s: float = 120.0
    send_by_s: float = 1.0


class LoaderSettings(StageSettings):
    """Environment: TWINLEDGER_LOADER__LATEST_RUN_S=120, ..."""

    admin_port: int = 9467
    loader: LoaderTimes = LoaderTimes()
    max_requests: int = 16
