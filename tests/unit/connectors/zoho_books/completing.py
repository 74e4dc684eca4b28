"""Calls as the loader hands them to Books' sink, and what it prepares of them."""

from __future__ import annotations

from typing import Any

from tests.unit.connectors.vendor import FakeVendor, httpx, reply

from twinledger.connectors.base.contract import NotApplied, WriteCall
from twinledger.kernel.errors import TransientError

__all__ = ["call", "now", "prepared", "refusal"]


def call(name: str, body: dict[str, Any], **options: Any) -> WriteCall:
    given: dict[str, Any] = {"op": "update", "external_id": "7", "reference": None, **options}
    return WriteCall("i", f"zoho_books.{name}", body=body, **given)


def now(key: str, record: bytes) -> httpx.Response:
    return reply(b'{"code":0,"message":"success","' + key.encode() + b'":' + record + b"}")


async def prepared(vendor: FakeVendor, one: WriteCall) -> dict[str, Any]:
    (answer,) = await vendor.connector("zoho_books").sink.prepare([one], vendor.permit)
    assert isinstance(answer, WriteCall)
    return dict(answer.body)


async def refusal(vendor: FakeVendor, one: WriteCall) -> str:
    (answer,) = await vendor.connector("zoho_books").sink.prepare([one], vendor.permit)
    assert isinstance(answer, NotApplied)
    assert isinstance(answer.error, TransientError)
    return answer.error.error_class
