"""Connectors: the contract. A stage sees a vendor only through these protocols.

Source reads, Sink writes, Webhooks judges deliveries, Subscriber keeps subscriptions, Auth holds
the OAuth handshake. Answers become values or kernel errors; status codes stay inside a connector.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from twinledger.kernel.errors import TwinledgerError

__all__ = [
    "AccessToken",
    "Applied",
    "Auth",
    "CallPermit",
    "Connector",
    "ConnectorInfo",
    "Delivery",
    "Grant",
    "Hint",
    "NotApplied",
    "Page",
    "Read",
    "Sink",
    "Source",
    "SourceDocument",
    "Subscriber",
    "Subscription",
    "TokenSource",
    "UnknownOutcome",
    "Verdict",
    "Webhooks",
    "WriteAnswer",
    "WriteCall",
]

Lane = Literal["live", "retry", "verify", "backfill"]


# --- access ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A bearer secret with its end; `api_domain` is Zoho's answer, empty elsewhere."""

    value: str
    expires_at: datetime
    api_domain: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token endpoint answered: the pair to store before its first use."""

    access: AccessToken
    refresh_token: str
    scopes: tuple[str, ...]


class Auth(Protocol):
    """OAuth 2.0 of one platform (`freshbooks` or `zoho`)."""

    platform: str

    def authorize_url(self, *, scopes: Sequence[str], state: str) -> str:
        """Address of the consent page."""
        ...

    async def exchange(self, code: str, *, accounts_server: str | None = None) -> Grant:
        """Authorization code -> grant. PermanentError(grant_revoked) when refused."""
        ...

    async def refresh(self, refresh_token: str) -> Grant:
        """Refresh token -> new grant (FreshBooks: single use, a new refresh token inside)."""
        ...


class TokenSource(Protocol):
    """Where a client gets its bearer token; implemented over the `connection` table."""

    async def token(self) -> AccessToken: ...

    async def renewed(self, refused: AccessToken) -> AccessToken:
        """A newer token than the one a 401 refused; raises when the grant is gone."""
        ...


class CallPermit(Protocol):
    """Asked before every HTTP request that is not already paid for. No grant, no call.

    `acquire` waits until the budget grants one call; `answered` gives the in-flight slot back and
    tells what the vendor said about its limits.
    """

    async def acquire(self, *, cost: int = 1) -> str: ...

    async def answered(
        self, permit_id: str, *, rate_limited: bool = False, retry_after_s: float | None = None
    ) -> None: ...


# --- reading -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """One vendor document as read: `document` holds the vendor's JSON bytes of this record alone.

    `related` names ids that the document itself does not carry but identity needs, for example
    the contacts of a CRM account. `gone` means the vendor no longer has the record.
    """

    object: str
    external_id: str
    document: bytes
    read_started_at: datetime
    gone: bool = False
    related: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Read:
    """Answer to a read by ids; `missing` were asked for and did not come back."""

    documents: Sequence[SourceDocument]
    missing: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One page of changes. `next_page` is opaque, None at the end; `seen_until` is the newest
    vendor stamp on the page. `ids_to_read` are rows whose full document needs a read by id."""

    documents: Sequence[SourceDocument]
    ids_to_read: Sequence[tuple[str, datetime | None]] = ()
    next_page: str | None = None
    seen_until: datetime | None = None


class Source(Protocol):
    """Reads documents of one system. `objects` are full names, for example `freshbooks.client`."""

    objects: Sequence[str]
    max_ids: Mapping[str, int]

    async def read(self, object_name: str, ids: Sequence[str], permit: CallPermit) -> Read: ...

    async def changed_since(
        self, object_name: str, since: datetime | None, page: str | None, permit: CallPermit
    ) -> Page: ...


# --- webhooks ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hint:
    """A record may have changed: look there."""

    object: str
    external_id: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """One registered delivery address. `secret` proves deliveries; `key` is our own random part
    of the address."""

    system: str
    object: str
    event: str
    key: str
    external_id: str = ""
    secret: str = ""
    state: Literal["wanted", "registered", "verified", "active", "lapsing", "silent", "disabled"] = "wanted"
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One HTTP delivery as received: raw bytes, nothing decoded."""

    query: bytes
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a delivery amounts to. `verifier` is set for a FreshBooks handshake only."""

    outcome: Literal["accepted", "handshake", "bad_signature", "undecodable", "unknown"]
    hints: Sequence[Hint] = ()
    verifier: str = ""


class Webhooks(Protocol):
    """Judges deliveries; pure and fast, called on the receiving path."""

    def judge(self, delivery: Delivery, subscription: Subscription) -> Verdict: ...


class Subscriber(Protocol):
    """Creates and renews subscriptions of one system."""

    def wanted(self, objects: Sequence[str]) -> Sequence[tuple[str, str]]:
        """(object, vendor event) pairs needed to hear of these objects."""
        ...

    async def register(
        self, subscription: Subscription, address: str, permit: CallPermit
    ) -> Subscription: ...

    async def verify(self, subscription: Subscription, verifier: str, permit: CallPermit) -> Subscription: ...

    async def renew(self, subscription: Subscription, address: str, permit: CallPermit) -> Subscription: ...


# --- writing -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WriteCall:
    """One record of one vendor request. `body` is vendor-shaped (made by the mapping); `phase`
    names the field when the vendor needs a call of its own for it (for example `state`)."""

    intent_id: str
    object: str
    op: Literal["create", "update"]
    external_id: str | None
    reference: str | None
    body: Mapping[str, Any]
    phase: str | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """The vendor confirmed the record. `document` is its own answer, None where it sends none."""

    external_id: str
    ended_at: datetime
    document: bytes | None = None


@dataclass(frozen=True, slots=True)
class NotApplied:
    """Certainly not applied: refused (PermanentError) or never sent / throttled (TransientError)."""

    error: TwinledgerError


@dataclass(frozen=True, slots=True)
class UnknownOutcome:
    """May have been applied: the resolver looks before anybody sends again."""

    reason: str


WriteAnswer = Applied | NotApplied | UnknownOutcome


class Sink(Protocol):
    """Writes records of one system: one vendor request per `write`, an answer for each call."""

    objects: Sequence[str]
    max_batch: Mapping[str, int]
    resend_is_safe: Mapping[str, bool]
    """True where the create is an upsert by reference: after UNKNOWN the same request again."""

    async def write(self, calls: Sequence[WriteCall]) -> Sequence[WriteAnswer]:
        """Send one request (already paid for in the caller's transaction)."""
        ...

    async def probe(
        self, object_name: str, reference: str, fields: Mapping[str, Any], permit: CallPermit
    ) -> Sequence[SourceDocument]:
        """Every record that carries the reference (or, without a carrier, the natural key)."""
        ...


@dataclass(frozen=True, slots=True)
class ConnectorInfo:
    """connector.yaml, parsed: names, budget group, objects with scopes and poll overlap."""

    system: str
    platform: str
    budget_group: str
    objects: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Connector:
    """Everything a stage needs of one system, built by `connectors.registry`."""

    info: ConnectorInfo
    source: Source
    sink: Sink
    webhooks: Webhooks
    subscriber: Subscriber
