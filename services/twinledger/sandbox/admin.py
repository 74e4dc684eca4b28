"""Sandbox: the admin API, on a port of its own that no stage knows. Its face is fixed: add, never rename."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import orjson

from .call import Act, Refused
from .clock import RealClock
from .faults import FaultError
from .gateway import read_body
from .plugin import ObjectKind, Vendor
from .snapshot import save
from .switches import SwitchError
from .world import World

__all__ = ["Admin"]

PREFIX = "/_sandbox"
Answer = tuple[int, Any]
Query = Mapping[str, str]


class Admin:
    """Plain ASGI; answers JSON, or JSON lines where the face says so."""

    def __init__(self, world: World, state_file: Path | None, openapi: Callable[[], bytes]) -> None:
        self._world = world
        self._state_file = state_file
        self._openapi = openapi
        self._routes: dict[tuple[str, str], Callable[[Query, Any], Answer | Awaitable[Answer]]] = {
            ("GET", "/limits"): self._get_limits,
            ("PUT", "/limits"): self._put_limits,
            ("GET", "/webhooks"): lambda _query, _body: (200, self._webhook_settings()),
            ("PUT", "/webhooks"): self._put_webhooks,
            ("POST", "/webhooks/flush"): self._flush,
            ("GET", "/faults"): lambda _query, _body: (200, self._world.faults.rows()),
            ("POST", "/faults"): self._post_fault,
            ("DELETE", "/faults"): self._clear_faults,
            ("POST", "/clock/advance"): self._advance,
            ("GET", "/clock"): lambda _query, _body: (200, self._clock()),
            ("PUT", "/clock"): self._put_clock,
            ("POST", "/act"): self.act,
            ("POST", "/snapshot"): self._snapshot,
            ("GET", "/switches"): lambda _query, _body: (200, self._world.switches.rows()),
            ("PUT", "/switches"): self._put_switches,
        }
        self._streams: dict[str, Callable[[Query], Iterator[bytes]]] = {
            "/ledger": self._ledger,
            "/state": self.state,
            "/subscriptions": lambda _query: (orjson.dumps(each.row()) for each in self._world.subscriptions),
            "/deliveries": lambda _query: map(orjson.dumps, self._world.webhooks.rows()),
        }

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        method, path = scope["method"], scope["path"]
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        body = await read_body(receive, 64 * 1024 * 1024)
        if path == "/openapi.json":
            await _send(send, 200, _once(self._openapi()), "application/json")
            return
        path = path.removeprefix(PREFIX).rstrip("/") if path.startswith(PREFIX) else path
        if method == "GET" and path in self._streams:
            await _send(send, 200, _lines(self._streams[path](query)), "application/jsonl; charset=utf-8")
            return
        status, value = await self._dispatch(method, path, query, body or b"")
        await _send(send, status, _once(orjson.dumps(value)), "application/json")

    async def _dispatch(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        try:
            wanted = orjson.loads(body) if body.strip() else {}
        except orjson.JSONDecodeError as exc:
            return 400, {"error": f"the body is no JSON: {exc}"}
        if method == "DELETE" and path.startswith("/faults/"):
            gone = self._world.faults.remove(path.removeprefix("/faults/"))
            return (200, {"removed": True}) if gone else (404, {"error": "no such fault"})
        handler = self._routes.get((method, path))
        if handler is None:
            return 404, {"error": f"no {method} {path} here"}
        if not isinstance(wanted, dict):
            return 400, {"error": "the body is a JSON object"}
        try:
            answer = handler(query, wanted)
            return answer if isinstance(answer, tuple) else await answer
        except (ValueError, TypeError, FaultError, SwitchError) as exc:
            return 400, {"error": str(exc)}

    def _get_limits(self, query: Query, body: Any) -> Answer:
        return 200, {name: _limit_row(limiter) for name, limiter in self._world.limiters.items()}

    def _put_limits(self, query: Query, body: Any) -> Answer:
        system = body.pop("system", None)
        chosen = [name for name in self._world.limiters if system in (None, name, "*")]
        if not chosen:
            raise ValueError(f"no system named {system!r}")
        for name in chosen:
            self._world.limiters[name].settings.change(body)
        vendors = [vendor for vendor in self._world.vendors if vendor.system in chosen]
        for guard in {vendor.token_system for vendor in vendors if vendor.token_system and "token" in body}:
            self._world.limiters[guard].settings.token = body["token"]
        return 200, {name: _limit_row(self._world.limiters[name]) for name in chosen}

    def _webhook_settings(self) -> dict[str, Any]:
        faults = self._world.webhooks.faults
        return {name: getattr(faults, name) for name in ("loss", "duplicate", "delay_s", "reorder", "seed")}

    def _put_webhooks(self, query: Query, body: Any) -> Answer:
        self._world.webhooks.configure(body)
        return 200, self._webhook_settings()

    async def _flush(self, query: Query, body: Any) -> Answer:
        return 200, await self._world.webhooks.flush()

    def _post_fault(self, query: Query, body: Any) -> Answer:
        if body.get("system") is not None and body["system"] not in self._world.limiters:
            raise ValueError(f"no system named {body['system']!r}")
        return 201, self._world.faults.add(body).row()

    def _clear_faults(self, query: Query, body: Any) -> Answer:
        self._world.faults.clear()
        return 200, {"removed": True}

    def _clock(self) -> dict[str, Any]:
        return {"kind": self._world.clock.kind, "now": self._world.clock.now()}

    def _advance(self, query: Query, body: Any) -> Answer:
        if isinstance(self._world.clock, RealClock):
            return 409, {"error": "the clock is real; start with --clock virtual"}
        self._world.clock.advance(float(body.get("seconds", 0)))
        return 200, self._clock()

    def _put_clock(self, query: Query, body: Any) -> Answer:
        """`skew_s`: how wrong the vendors' clock is. A virtual clock is advanced instead."""
        if not isinstance(self._world.clock, RealClock):
            return 409, {"error": "the clock is virtual; use POST /clock/advance"}
        self._world.clock.skew_s = float(body.get("skew_s", 0))
        return 200, self._clock()

    def _put_switches(self, query: Query, body: Any) -> Answer:
        for name, value in body.items():
            self._world.switches.set(name, value)
        return 200, self._world.switches.rows()

    def _snapshot(self, query: Query, body: Any) -> Answer:
        path = Path(body["path"]) if body.get("path") else self._state_file
        if path is None:
            raise ValueError("started without --state; give a path")
        return 200, {"path": str(path), "bytes": save(self._world, path)}

    def act(self, query: Query, body: Any) -> Answer:
        vendor, kind = self._kind(body.get("system"), body.get("object"))
        if vendor is None or kind is None:
            return 404, {"error": f"no object {body.get('system')}.{body.get('object')}"}
        operation = kind.acts.get(body.get("op", ""))
        if operation is None:
            return 422, {"error": f"{kind.name} knows no {body.get('op')!r}", "operations": sorted(kind.acts)}
        record_id = str(body["id"]) if body.get("id") is not None else None
        if body.get("op") != "create" and (record_id is None or record_id not in kind.table):
            return 404, {"error": f"no {kind.name} {record_id}"}
        act = Act(self._world, vendor, None, None)
        try:
            changed = operation(act, record_id, body.get("fields") or {})
        except Refused as refusal:
            reason = refusal.reply.body.decode("utf-8", "replace")
            self._note_act(vendor, body, 422, act)
            return 422, {"error": str(refusal), "answer": reason}
        self._note_act(vendor, body, 200, act)
        record = kind.table.get(changed)
        return 200, {"id": changed, "record": None if record is None else kind.render(record)}

    def _note_act(self, vendor: Vendor, body: Any, status: int, act: Act) -> None:
        self._world.ledger.append("act", vendor.system, None, None, None, body, status, act.touched)

    def _kind(self, system: Any, name: Any) -> tuple[Vendor | None, ObjectKind | None]:
        vendor = self._world.vendor(str(system))
        kinds = vendor.kinds() if vendor is not None else ()
        return vendor, next((kind for kind in kinds if kind.name == name), None)

    def _ledger(self, query: Query) -> Iterator[bytes]:
        after = int(query["after"]) if query.get("after", "").isdigit() else 0
        return self._world.ledger.read(after, query.get("kind") or None, query.get("system") or None)

    def state(self, query: Query) -> Iterator[bytes]:
        for vendor in self._world.vendors:
            if query.get("system") not in (None, "", vendor.system):
                continue
            for kind in vendor.kinds():
                if query.get("object") in (None, "", kind.name):
                    yield from _state_rows(vendor.system, kind, query.get("id") or None)


def _state_rows(system: str, kind: ObjectKind, record_id: str | None) -> Iterator[bytes]:
    for each in list(kind.table) if record_id is None else [record_id]:
        record = kind.table.get(each)
        if record is not None:
            row = {"system": system, "object": kind.name, "id": each, "deleted": kind.deleted(record)}
            yield orjson.dumps(row | {"record": kind.render(record)})


def _limit_row(limiter: Any) -> dict[str, Any]:
    settings = limiter.settings
    return {
        name: getattr(settings, name)
        for name in ("minute", "day", "in_flight", "heavy_in_flight", "credits", "token", "latency_s")
    }


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _lines(rows: Iterator[bytes]) -> AsyncIterator[bytes]:
    """In pieces, so that a large state does not stop the vendors."""
    piece = bytearray()
    for row in rows:
        piece += row + b"\n"
        if len(piece) > 256 * 1024:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)


async def _send(send: Any, status: int, pieces: AsyncIterator[bytes], media_type: str) -> None:
    headers = [(b"content-type", media_type.encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    async for piece in pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
