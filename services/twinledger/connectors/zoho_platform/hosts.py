"""Zoho platform: which hosts we talk to. Addresses in answers only select one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict

from twinledger.kernel.errors import PermanentError

__all__ = ["DEFAULT_ACCOUNTS", "DEFAULT_API", "Hosts", "load_data_centres"]

DEFAULT_ACCOUNTS = "https://accounts.zoho.com"
"""Consent starts here for every data centre but China."""
DEFAULT_API = "https://www.zohoapis.com"


class DataCentre(BaseModel):
    """One row of data_centres.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    accounts: str
    api: str
    sandbox: tuple[str, ...] = ()
    content: str = ""
    people: str = ""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    data_centres: dict[str, DataCentre]


def load_data_centres() -> dict[str, DataCentre]:
    """The rows that are switched on, by name."""
    text = files(__package__).joinpath("data_centres.yaml").read_text(encoding="utf-8")
    rows = _File.model_validate(yaml.safe_load(text)).data_centres
    return {name: row for name, row in rows.items() if row.enabled}


class Hosts:
    """The allow-list; sandbox origins count only outside production."""

    def __init__(
        self,
        data_centres: Mapping[str, DataCentre],
        *,
        environment: str = "production",
        sandbox_origins: Sequence[str] = (),
    ) -> None:
        ours = frozenset() if environment == "production" else frozenset(sandbox_origins)
        self._accounts = frozenset(row.accounts for row in data_centres.values()) | ours
        self._api_of = dict.fromkeys(ours, ours)
        for row in data_centres.values():
            sandbox = row.sandbox if environment != "production" else ()
            self._api_of[row.accounts] = frozenset((row.api, *sandbox))

    def accounts_server(self, url: str) -> str:
        """The same address if it is an accounts server we know; the connect ends otherwise."""
        return _known(url, self._accounts, "accounts server")

    def api_domain(self, url: str, accounts_server: str) -> str:
        """The same address if it is an API host of that accounts server's data centre."""
        return _known(url, self._api_of[self.accounts_server(accounts_server)], "api domain")


def _known(url: str, allowed: frozenset[str], what: str) -> str:
    exact = url.removesuffix("/")
    if exact not in allowed:
        raise PermanentError(f"unknown Zoho {what}", error_class="permission", field=what)
    return exact
