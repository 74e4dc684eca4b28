"""Connectors: the contract. A stage sees a vendor only through these protocols.

Source reads, Sink writes, Webhooks judges deliveries, Subscriber keeps subscriptions, SetUp readies
the account, Auth (`access`) holds the OAuth handshake. Answers become values or kernel errors; status
codes stay inside a connector.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from twinledger.connectors.base.access import AccessToken, Auth, CallPermit, Grant, TokenSource
from twinledger.kernel.errors import ErrorClass, TwinledgerError

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
    "SetUp",
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


# --- reading -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """One vendor document as read: `document` holds the vendor's JSON bytes of this record alone.

    `related` names records that the document itself does not carry but identity needs, for example
    the contacts of a CRM account: {"contacts": ["zoho_crm.contact/71"]}. `gone` means the vendor no
    longer has the record: `document` is empty.
    """

    object: str
    external_id: str
    document: bytes
    read_started_at: datetime
    updated_at: datetime | None = None
    """The vendor's own stamp of the record, None where it has none."""
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
    ) -> Page:
        """One page of records changed at or after `since` (None: all there are, the deleted left out).

        `since` is the query cursor: the caller has taken `poll.overlap_s` of the object off the true
        one. More than was asked for may come back (whole days); `updated_at` tells.
        """
        ...


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
    secret: str = field(default="", repr=False)
    state: Literal["wanted", "registered", "verified", "active", "lapsing", "silent", "disabled"] = "wanted"
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One HTTP delivery as received: raw bytes, nothing decoded; header names in lower case."""

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
    unmodified_since: datetime | None = None
    """The version this was planned against: an update is refused when the record changed after it."""
    whole: Collection[str] = ()
    """Keys of the body that the vendor takes whole: `prepare` has filled them from the record."""


@dataclass(frozen=True, slots=True)
class Applied:
    """The vendor confirmed the record. `document` is its own answer, None where it sends none."""

    external_id: str
    ended_at: datetime
    document: bytes | None = None
    updated_at: datetime | None = None
    """The vendor's stamp of the version this write made, None where the answer does not tell."""


@dataclass(frozen=True, slots=True)
class NotApplied:
    """Certainly not applied: refused (PermanentError) or never sent / throttled (TransientError)."""

    error: TwinledgerError


@dataclass(frozen=True, slots=True)
class UnknownOutcome:
    """May have been applied: the resolver looks before anybody sends again."""

    reason: str
    error_class: ErrorClass = "network"


WriteAnswer = Applied | NotApplied | UnknownOutcome


class Sink(Protocol):
    """Writes records of one system: one vendor request per `write`, an answer for each call."""

    objects: Sequence[str]
    max_batch: Mapping[str, int]
    resend_is_safe: Mapping[str, bool]
    """True where the create is an upsert by reference: after UNKNOWN the same request again."""

    async def prepare(
        self, calls: Sequence[WriteCall], permit: CallPermit
    ) -> Sequence[WriteCall | NotApplied]:
        """Check versions and complete calls with what the vendor demands in every write.

        Reads under `permit`, before the budget of the write is taken, so that `write` is one request and
        nothing else. An answer for each call: the call as it may be sent, or why it may not.
        """
        ...

    async def write(
        self, calls: Sequence[WriteCall], *, send_by: float | None = None
    ) -> Sequence[WriteAnswer]:
        """Send one request (already paid for in the caller's transaction) of prepared calls.

        `send_by` is a reading of the monotonic clock: later than that nothing leaves any more. A 401
        renews the token and comes back as NotApplied(TransientError(auth_expired)): the resend is a
        new call, to be paid for.
        """
        ...

    async def probe(
        self, object_name: str, reference: str, body: Mapping[str, Any], permit: CallPermit
    ) -> Sequence[SourceDocument]:
        """Every record that carries the reference (or, without a carrier, the natural key).

        `body` is that of the create whose answer was lost: vendor-shaped, with the vendor's ids.
        """
        ...


class SetUp(Protocol):
    """What the vendor account must hold before the first write; part of connecting."""

    async def ensure_reference_fields(self, objects: Sequence[str], permit: CallPermit) -> Sequence[str]:
        """Create the custom fields that carry our reference; what a person must still do, if anything."""
        ...


@dataclass(frozen=True, slots=True)
class ConnectorInfo:
    """connector.yaml, parsed: names, budget group, objects with scopes and poll overlap.

    `objects` maps the full name to `scopes` (operation -> scopes), `poll` (`overlap_s`, `by`),
    `deletes` (`listed`, `swept`), `reference` (`carrier`, `probe`).
    """

    system: str
    platform: str
    budget_group: str
    objects: Mapping[str, Mapping[str, Any]]
    scopes: Sequence[str] = ()
    """Asked with every grant, whatever objects are in use."""
    optional: bool = False
    """In use only where a workspace's connection names it."""


@dataclass(frozen=True, slots=True)
class Connector:
    """Everything a stage needs of one system, built by `connectors.registry`."""

    info: ConnectorInfo
    source: Source
    sink: Sink
    webhooks: Webhooks
    subscriber: Subscriber
    setup: SetUp
