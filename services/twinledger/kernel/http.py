"""Kernel: the one way out over HTTP; nobody else knows the libraries under it.

httpx on an aiohttp transport. No redirects are followed (an answer must not choose the host), TLS 1.2
is the floor, and no request is ever sent twice by the library itself.
"""

from __future__ import annotations

import ssl
from functools import cache, partial

import aiohttp
from httpx import (
    AsyncBaseTransport,
    AsyncClient,
    ConnectError,
    ConnectTimeout,
    HTTPError,
    InvalidURL,
    Limits,
    PoolTimeout,
    Request,
    Response,
    Timeout,
    UnsupportedProtocol,
    create_ssl_context,
)
from httpx_aiohttp import AiohttpTransport

__all__ = [
    "TRANSPORT_ERRORS",
    "AsyncBaseTransport",
    "AsyncClient",
    "Request",
    "Response",
    "never_left",
    "new_http_client",
]

TRANSPORT_ERRORS: tuple[type[Exception], ...] = (HTTPError, InvalidURL, aiohttp.ClientError, OSError)
"""All that a request can raise: some aiohttp errors come through unmapped; time-outs are OSErrors."""

_LIMITS = Limits(max_connections=200, max_keepalive_connections=50, keepalive_expiry=4.0)
"""Idle connections go before a server's usual 5 s: writing into one just closed is an unknown outcome."""


def new_http_client(
    base_url: str = "", *, timeout_s: float = 30, transport: AsyncBaseTransport | None = None
) -> AsyncClient:
    """A client for one process: share it, close it last."""
    return AsyncClient(
        base_url=base_url,
        timeout=Timeout(timeout_s, connect=min(timeout_s, 5.0)),
        transport=transport or _new_transport(),
        follow_redirects=False,
    )


def never_left(error: Exception) -> bool:
    """True when no byte of the request can have reached the server.

    The transport names every lost connection `ConnectTimeout`, also one that broke after the request
    was sent; only aiohttp's own error below it tells them apart.
    """
    cause = error.__cause__ if isinstance(error.__cause__, aiohttp.ClientError) else error
    if isinstance(cause, aiohttp.ClientError):
        return isinstance(
            cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | aiohttp.InvalidURL
        )
    return isinstance(cause, ConnectError | ConnectTimeout | PoolTimeout | UnsupportedProtocol | InvalidURL)


def _new_transport() -> AiohttpTransport:
    tls = _tls()
    return AiohttpTransport(verify=tls, limits=_LIMITS, client=partial(_new_session, tls))


@cache
def _tls() -> ssl.SSLContext:
    """Read once: loading the certificate authorities takes a tenth of a second."""
    tls = create_ssl_context()
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    return tls


def _new_session(tls: ssl.SSLContext) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        limit=_LIMITS.max_connections or 0, keepalive_timeout=_LIMITS.keepalive_expiry, ssl=tls
    )
    session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
    # aiohttp repeats a PUT by itself when a kept connection breaks: a second, unpaid write at the vendor.
    session._retry_connection = False
    return session
