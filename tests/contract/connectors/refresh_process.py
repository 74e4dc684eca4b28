"""A process that needs a token once, to be killed while it renews it."""

from __future__ import annotations

import asyncio
import sys

import orjson

from twinledger.cli.dev.sandbox_application import sandbox_application
from twinledger.connectors.opening import Opener, PlatformSettings
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import open_pool
from twinledger.kernel.errors import PermanentError
from twinledger.kernel.http import new_http_client
from twinledger.state.sealing import LocalKeyWrapper, Sealer

GONE = 7


async def need_a_token(dsn: str, urls: bytes) -> int:
    ours = PlatformSettings.model_validate(sandbox_application(orjson.loads(urls), "freshbooks"))
    pool = await open_pool(dsn, min_size=1, max_size=2)
    async with new_http_client() as http:
        opener = Opener(pool, {}, "test", http, SystemClock(), Sealer(LocalKeyWrapper(bytes(32))), ())
        try:
            await opener.tokens("w", "freshbooks", ours).token()
        except PermanentError as error:
            return GONE if error.error_class == "grant_revoked" else 1
    return 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(need_a_token(sys.argv[1], sys.argv[2].encode())))
