"""Connectors: the token endpoint's wire: one form post, JSON back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel

from twinledger.connectors.base.outcomes import by_status
from twinledger.connectors.base.wire import decode, unreadable
from twinledger.kernel.errors import TransientError
from twinledger.kernel.failpoints import failpoint
from twinledger.kernel.http import TRANSPORT_ERRORS, AsyncClient, never_left

__all__ = ["OAuthClient", "TokenAnswer", "post_token"]


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """Our application at one platform. Empty addresses are the vendor's own; others are taken only
    where `environment` is not `production`, and only if `sandbox_origins` lists them."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    auth_url: str = ""
    api_url: str = ""
    environment: str = "production"
    sandbox_origins: tuple[str, ...] = ()


class TokenAnswer(BaseModel):
    """A token pair as the platforms answer it."""

    access_token: str
    refresh_token: str = ""
    scope: str = ""
    expires_in: int
    expires_in_sec: int | None = None
    created_at: int | None = None
    api_domain: str = ""

    def expires_at(self, now: datetime) -> datetime:
        """`created_at` counts, where given: a refresh may answer the pair's first one. Old Zoho
        deployments give `expires_in` in milliseconds beside `expires_in_sec`."""
        start = datetime.fromtimestamp(self.created_at, UTC) if self.created_at else now
        life_s = self.expires_in if self.expires_in_sec is None else self.expires_in_sec
        return start + timedelta(seconds=life_s)


async def post_token(
    http: AsyncClient, url: str, form: Mapping[str, str]
) -> tuple[int, TokenAnswer | Mapping[str, Any]]:
    """Status and token pair, or the JSON object that refuses it (also with status 200)."""
    failpoint("token.refresh.before")
    try:
        response = await http.post(url, data=dict(form), timeout=10)
    except TRANSPORT_ERRORS as exc:
        raise TransientError(
            f"token endpoint: {type(exc).__name__}", error_class="network", sent=not never_left(exc)
        ) from exc
    failpoint("token.refresh.after")
    if response.status_code >= 500:
        raise by_status(response.status_code, None)
    try:
        answer = decode(response.content)
        if not isinstance(answer, dict):
            raise ValueError("not an object")
        if "access_token" in answer:
            return response.status_code, TokenAnswer.model_validate(answer)
    except ValueError as exc:
        raise unreadable(response.content, response.headers) from exc
    return response.status_code, answer
