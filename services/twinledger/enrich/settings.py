"""Enrich: its settings."""

from __future__ import annotations

from twinledger.kernel.settings import StageSettings

__all__ = ["EnrichSettings"]


class EnrichSettings(StageSettings):
    """Nothing beyond what every stage has; the batch is what Kafka holds, up to `max_records`."""

    admin_port: int = 9466
    max_records: int = 500
