"""Sandbox: the OpenAPI description of the whole program, generated from the declared routes."""

import re
from collections.abc import Iterable
from typing import Any

import orjson

from .plugin import Route, Vendor

__all__ = ["describe_routes"]

_PARAMETER = re.compile(r"\{([^/}]+)\}")


def describe_routes(vendors: Iterable[Vendor], host: str | None = None) -> bytes:
    """All routes, or those of one host. Two routes with one path on two hosts are told apart by the host."""
    paths: dict[str, dict[str, Any]] = {}
    for vendor in vendors:
        for route in vendor.routes():
            if host is None or route.host == host:
                paths.setdefault(route.path, {}).setdefault(route.method.lower(), _operation(vendor, route))
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Twinledger sandbox", "version": "1"},
        "paths": paths,
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }
    return orjson.dumps(document)


def _operation(vendor: Vendor, route: Route) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(route.path)
    ]
    parameters += [{"name": name, "in": "query", "schema": {"type": "string"}} for name in route.query]
    operation: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{route.host} {route.method} {route.path}").strip("_"),
        "summary": route.summary or f"{route.method} {route.path}",
        "tags": [vendor.system],
        "x-host": route.host,
        "x-scopes": list(route.scopes),
        "x-objects": list(route.objects),
        "x-sheet": route.sheet,
        "parameters": parameters,
        "responses": {"default": {"description": "as the vendor answers"}},
    }
    if not route.public:
        operation["security"] = [{"token": []}]
    if route.method in {"POST", "PUT", "PATCH"}:
        operation["requestBody"] = {
            "content": {"application/json": {"schema": dict(route.body or {"type": "object"})}}
        }
    return operation
