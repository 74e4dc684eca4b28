"""Kernel: settings every stage shares, read from the environment.

Names are `TWINLEDGER_<FIELD>`, `__` nests. The plain `DATABASE_URL` and `KAFKA_BOOTSTRAP_SERVERS`
are read too; saying two different things with both names is an error.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["StageSettings"]

_PLAIN_NAMES = {"database_url": "DATABASE_URL", "kafka_bootstrap_servers": "KAFKA_BOOTSTRAP_SERVERS"}


class StageSettings(BaseSettings):
    """Base of each stage's settings."""

    model_config = SettingsConfigDict(
        env_prefix="TWINLEDGER_", env_nested_delimiter="__", extra="ignore", frozen=True
    )

    workspace: str = "default"
    environment: Literal["development", "test", "staging", "production"] = "development"
    database_url: SecretStr = Field(description="PostgreSQL >= 15")
    kafka_bootstrap_servers: str = Field(description="host:port[,host:port]")
    instance: str = "0"
    """Which replica this is: its static membership, so that a restart moves no partition."""
    admin_host: str = "127.0.0.1"
    admin_port: int = 9464
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    data_dir: Path = Path(".twinledger")
    database_pool_size: int = 8

    @model_validator(mode="before")
    @classmethod
    def _read_plain_names(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        values = dict(given)
        for field, plain in _PLAIN_NAMES.items():
            prefixed, unprefixed = os.environ.get(f"TWINLEDGER_{plain}"), os.environ.get(plain)
            if prefixed and unprefixed and prefixed != unprefixed:
                raise ValueError(f"{plain} and TWINLEDGER_{plain} contradict each other")
            if unprefixed:
                values.setdefault(field, unprefixed)
        return values
