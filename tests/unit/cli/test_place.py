"""Who answers is named also where the account has no name, as in most containers."""

from __future__ import annotations

import getpass
import os

import pytest

from twinledger.cli.place import who_asks


@pytest.mark.parametrize("error", [KeyError, OSError])
def test_an_account_without_a_name_is_its_number(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def nobody() -> str:
        raise error("uid not found")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert who_asks() == f"uid {os.getuid()}"
