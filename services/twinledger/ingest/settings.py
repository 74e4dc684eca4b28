"""Ingest: its settings."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, Field

from twinledger.connectors.opening import PlatformSettings
from twinledger.kernel.settings import StageSettings
from twinledger.state.budgets import DEFAULT_LIMITS, BudgetLimits

__all__ = ["IngestOptions", "IngestSettings"]


class IngestOptions(BaseModel):
    """`public_url` is what vendors deliver to; without it nothing is subscribed and polls find all."""

    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str = ""
    poll_interval_s: float = Field(default=60.0, gt=0)
    sweep_interval_s: float = Field(default=6 * 3600.0, gt=0)
    """How often the ids of what has no list of deletions are compared with what we know."""
    subscriptions_look_s: float = Field(default=5.0, gt=0)
    resend_after_s: float = Field(default=30.0, gt=0)
    """A handshake that did not come by then is asked for again."""
    audit_every_s: float = Field(default=21_600.0, ge=0)
    """Both sides are compared again that long after the last time; 0: only when asked."""
    call_timeout_s: float = Field(default=30.0, gt=0)
    ack_timeout_s: float = 5.0
    """A delivery whose hint the broker has not acknowledged by then is answered 503."""


class IngestSettings(StageSettings):
    """Environment: TWINLEDGER_INGEST__PUBLIC_URL=https://..., TWINLEDGER_PLATFORMS='{...}', ..."""

    admin_port: int = 9464
    database_pool_size: int = 12
    ingest: IngestOptions = IngestOptions()
    platforms: Mapping[str, PlatformSettings] = Field(default_factory=dict)
    budgets: Mapping[str, BudgetLimits] = Field(default_factory=lambda: DEFAULT_LIMITS)
