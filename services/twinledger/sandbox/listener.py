"""Sandbox: ports. One loop, one uvicorn protocol per connection, several listening sockets."""

import asyncio
import socket
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

__all__ = ["Listener", "bind"]


class _Protocol(HttpToolsProtocol):
    """uvicorn's, with the transport in the scope: faults must be able to cut a connection."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope["sandbox.transport"] = self.transport


def bind(host: str, port: int) -> socket.socket:
    # The protocol is named because asyncio sets TCP_NODELAY only then; without it each answer waits 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.setblocking(False)
    return listening


class Listener:
    """Accepts on one socket for one ASGI application."""

    def __init__(self, app: Any, listening: socket.socket) -> None:
        self._socket = listening
        self._state = ServerState()
        self._config = uvicorn.Config(
            app,
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_keep_alive=75,
            date_header=False,
            server_header=False,
        )
        self._config.load()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Protocol(config=self._config, server_state=self._state, app_state={}),
            sock=self._socket,
            backlog=2048,
        )

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        for task in list(self._state.tasks):
            task.cancel()
