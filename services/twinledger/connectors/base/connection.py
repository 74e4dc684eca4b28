"""Connectors: what a stage hands over to have a connector built: whose account, where, with which token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from twinledger.connectors.base.access import TokenSource

__all__ = ["Connection"]


@dataclass(frozen=True, slots=True)
class Connection:
    """One workspace's account at one system. `account` holds the ids that `Auth.accounts` names;
    an empty `api_url` is the vendor's own address, and a token's `api_domain` goes before it.
    `timeout_s` bounds a whole request, however its bytes drip."""

    workspace: str
    account: Mapping[str, str]
    tokens: TokenSource
    api_url: str = ""
    timeout_s: float = 30
