"""CLI: our application at a vendor: of the simulated vendors, of the environment, or asked for. Its secret
comes by file, environment or prompt, never by flag."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import typer
from pydantic import SecretStr

from twinledger.cli.dev.sandbox_application import sandbox_application
from twinledger.cli.failure import CommandError, Exit
from twinledger.connectors.opening import PlatformSettings
from twinledger.connectors.zoho_platform.hosts import load_data_centres

__all__ = ["GivenApplication", "application", "sandbox_urls"]

_REDIRECTS = {"freshbooks": "https://localhost:8930/oauth/freshbooks/callback"}
"""FreshBooks takes https alone; where plain http on this machine is taken we can listen ourselves."""


@dataclass(frozen=True, slots=True)
class GivenApplication:
    """What the command was told."""

    client_id: str = ""
    secret_file: Path | None = None
    redirect_uri: str = ""
    data_centre: str = ""
    may_ask: bool = True


def sandbox_urls(urls: Path | None, directory: Path) -> Mapping[str, Any]:
    """What the sandbox tells about itself: the stack's own, or that of another file."""
    path = urls or directory / "run.json"
    try:
        told: Mapping[str, Any] = orjson.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CommandError(
            f"no sandbox is described in {path}", "twinledger sandbox --urls FILE", Exit.UNAVAILABLE
        ) from error
    return told


def application(
    platform: str, given: GivenApplication, known: PlatformSettings, urls: Mapping[str, Any] | None
) -> PlatformSettings:
    """Flags come before what is known (stored, or of the environment); what is missing is asked for."""
    if urls is not None:
        return PlatformSettings.model_validate(sandbox_application(urls, platform))
    client_id = given.client_id or known.client_id or _asked(given, platform, "client id", hidden=False)
    secret = _secret(platform, given, known if client_id == known.client_id else PlatformSettings())
    return known.model_copy(
        update={
            "client_id": client_id,
            "client_secret": SecretStr(secret),
            "redirect_uri": given.redirect_uri or known.redirect_uri or _redirect(platform),
            "auth_url": _accounts_server(given.data_centre) or known.auth_url,
        }
    )


def _redirect(platform: str) -> str:
    return _REDIRECTS.get(platform, f"http://127.0.0.1:8930/oauth/{platform}/callback")


def _secret(platform: str, given: GivenApplication, known: PlatformSettings) -> str:
    if given.secret_file is not None:
        try:
            return given.secret_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise CommandError(f"cannot read {given.secret_file}", "name a file with the secret") from error
    of_environment = os.environ.get(f"TWINLEDGER_{platform.upper()}_CLIENT_SECRET", "")
    return (
        of_environment
        or known.client_secret.get_secret_value()
        or _asked(given, platform, "client secret", hidden=True)
    )


def _accounts_server(data_centre: str) -> str:
    """Consent starts at the common server; only China has one of its own."""
    if not data_centre:
        return ""
    rows = load_data_centres()
    if data_centre not in rows:
        raise CommandError(
            f"no data centre {data_centre}", f"one of {', '.join(rows)}: --data-centre eu", Exit.USAGE
        )
    return rows[data_centre].accounts


def _asked(given: GivenApplication, platform: str, what: str, *, hidden: bool) -> str:
    if not given.may_ask:
        wanted = "--client-secret-file FILE" if hidden else "--client-id ID"
        raise CommandError(f"no {what} for {platform}", f"give {wanted}", Exit.USAGE)
    return str(typer.prompt(f"{what} of our application at {platform}", hide_input=hidden, err=True))
