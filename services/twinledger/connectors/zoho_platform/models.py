"""Zoho platform: answers read while connecting."""

from __future__ import annotations

from pydantic import BaseModel

__all__ = ["Organizations"]


class _Organization(BaseModel):
    organization_id: str
    name: str = ""


class Organizations(BaseModel):
    """`GET /organizations` of Books: the token itself names no organization."""

    organizations: list[_Organization] = []

    def accounts(self) -> list[dict[str, str]]:
        return [{"name": row.name, "organization_id": row.organization_id} for row in self.organizations]
