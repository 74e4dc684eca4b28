"""Enrich: its settings."""

from __future__ import annotations

from twinledger.kernel.settings import StageSettings

__all__ = ["EnrichSettings"]


class EnrichSettings(StageSettings):
    """The batch is what Kafka holds, up to `max_records`, in `lanes` transactions side by side."""

    admin_port: int = 9466
    max_records: int = 1_000
    lanes: int = 2
    burial_rest_s: float = 5.0
    """What the end of a record causes elsewhere waits so long: a merge shows in its children only then."""
