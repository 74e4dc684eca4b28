"""Kernel: serves one ASGI app in the stage's own event loop."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn

from twinledger.kernel.errors import FatalError

__all__ = ["HttpServer"]


class HttpServer:
    """A worker of `kernel/service.py`; signals stay with the service."""

    def __init__(self, app: Any, *, host: str, port: int) -> None:
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            date_header=False,
            proxy_headers=False,
            backlog=4096,
            timeout_graceful_shutdown=5,
        )
        self._server = _Server(config)
        self._host, self._port = host, port
        self._socket: socket.socket | None = None

    def bind(self) -> int:
        """Take the port now, so that a conflict shows at the start; returns the real one."""
        if self._socket is None:
            try:
                self._socket = socket.create_server((self._host, self._port), backlog=4096)
            except OSError as error:
                raise FatalError(f"cannot listen on {self._host}:{self._port}: {error.strerror}") from error
        return int(self._socket.getsockname()[1])

    async def run(self) -> None:
        self.bind()
        assert self._socket is not None
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            self._socket.close()

    def stop(self) -> None:
        self._server.should_exit = True


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
