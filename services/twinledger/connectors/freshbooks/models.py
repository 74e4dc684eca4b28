"""FreshBooks: the one answer outside the accounting family: who am I."""

from __future__ import annotations

from pydantic import BaseModel

__all__ = ["Me"]


class _Business(BaseModel):
    id: int
    business_uuid: str = ""
    name: str | None = None
    account_id: str | None = None


class _Membership(BaseModel):
    business: _Business


class _Response(BaseModel):
    business_memberships: list[_Membership] = []


class Me(BaseModel):
    """`users/me`; unlike accounting, its envelope has no `result`."""

    response: _Response

    def accounts(self) -> list[dict[str, str]]:
        """Businesses with an accounting account; at the vendor some have none."""
        return [
            {
                "name": business.name or "",
                "account_id": business.account_id,
                "business_id": str(business.id),
                "business_uuid": business.business_uuid,
            }
            for business in (row.business for row in self.response.business_memberships)
            if business.account_id
        ]
