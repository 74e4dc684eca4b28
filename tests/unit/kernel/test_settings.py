from __future__ import annotations

import pytest
from pydantic import ValidationError

from twinledger.kernel.settings import StageSettings

NAMES = ("DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"TWINLEDGER_{name}", raising=False)


def test_plain_names_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://plain/db")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "plain:9092")
    settings = StageSettings()  # type: ignore[call-arg]  # the fields come from the environment
    assert settings.database_url.get_secret_value() == "postgresql://plain/db"
    assert settings.kafka_bootstrap_servers == "plain:9092"


def test_prefixed_names_are_read_and_a_secret_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWINLEDGER_DATABASE_URL", "postgresql://u:hunter2@db/x")
    monkeypatch.setenv("TWINLEDGER_KAFKA_BOOTSTRAP_SERVERS", "k:9092")
    settings = StageSettings()  # type: ignore[call-arg]  # the fields come from the environment
    assert settings.kafka_bootstrap_servers == "k:9092"
    assert "hunter2" not in repr(settings)


def test_two_names_that_contradict_each_other_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://one/db")
    monkeypatch.setenv("TWINLEDGER_DATABASE_URL", "postgresql://two/db")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "k:9092")
    with pytest.raises(ValidationError, match="contradict"):
        StageSettings()  # type: ignore[call-arg]  # the fields come from the environment


def test_a_missing_address_is_an_error() -> None:
    with pytest.raises(ValidationError, match="database_url"):
        StageSettings()  # type: ignore[call-arg]  # the fields come from the environment
