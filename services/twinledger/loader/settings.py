"""Loader: its settings. Every number has a default that works; vendor limits are never constants in code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, Field

from twinledger.connectors.opening import PlatformSettings
from twinledger.kernel.settings import StageSettings
from twinledger.state.budgets import DEFAULT_LIMITS, BudgetLimits

__all__ = ["LoaderSettings", "LoaderTimes"]


class LoaderTimes(BaseModel):
    """`find_lag_s` is D, until a lost write can be found. `latest_run_s` is T_max: no request runs later
    than that at a vendor. After `upsert_blind_s` even an upsert looks before it is repeated. A call is given
    up after `call_timeout_s`, well before its mark counts as that of a dead process (`LONGEST_CALL`)."""

    find_lag_s: float = 5.0
    latest_run_s: float = 120.0
    upsert_blind_s: float = 60.0
    call_timeout_s: float = Field(default=30.0, gt=0, le=50)
    send_by_s: float = 1.0


class LoaderSettings(StageSettings):
    """Environment: TWINLEDGER_LOADER__LATEST_RUN_S=120, TWINLEDGER_BUDGETS='{"zoho_finance": {...}}', ..."""

    admin_port: int = 9467
    loader: LoaderTimes = LoaderTimes()
    go_live: Literal["auto", "plan"] | None = None
    """`plan`: the first write waits for an accepted plan. Unset: `auto` in development and test only."""
    max_requests: int = 16
    platforms: Mapping[str, PlatformSettings] = Field(default_factory=dict)
    budgets: Mapping[str, BudgetLimits] = Field(default_factory=lambda: DEFAULT_LIMITS)

    @property
    def goes_live_by_plan(self) -> bool:
        return (self.go_live or _USUAL[self.environment]) == "plan"


_USUAL = {"development": "auto", "test": "auto", "staging": "plan", "production": "plan"}
