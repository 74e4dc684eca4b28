"""FreshBooks identity: users/me, the business, team members, staff, uploads. Sheet 1.2, 3.11."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..call import Call, Change, Refused, Reply, json_reply
from ..indexes import Index, Keyed, Text
from ..plugin import Route
from .errors import Detail
from .fields import Field
from .listing import SearchKey, like, number, read_paging
from .resource import Record, Resource
from .wire import eastern, iso_z

if TYPE_CHECKING:
    from .vendor import FreshBooks

__all__ = ["Identity", "Staff"]


class Staff(Resource):
    """Deprecated; the key of its list is `staff`, not `staffs`."""

    name, plural, path, scope, sheet = "staff", "staff", "users/staffs", "teams", "3.11"
    id_keys = ("id", "userid")
    methods = ("list", "get", "update")
    event = False
    fields: Mapping[str, Field] = {
        **{key: Field() for key in ("organization", "fname", "lname", "email", "bus_phone", "mob_phone")},
        **{key: Field() for key in ("p_street", "p_street2", "p_city", "p_province", "p_code", "p_country")},
        "display_name": Field(),
        "rate": Field(default=None),
        "note": Field(default=None),
        "language": Field(default="en"),
        "currency_code": Field(default="USD"),
    }

    def indexes(self) -> Sequence[Index]:
        def everything(record: Record) -> str:
            return " ".join(str(record[key]) for key in ("fname", "lname", "email", "organization"))

        return (
            Keyed("id_value", lambda record: (record["id"],)),
            Text("text", everything),
            Text("email", lambda record: record["email"]),
        )

    def search_keys(self) -> Mapping[str, SearchKey]:
        return {"user_like": like("text"), "email_like": like("email"), "userids": number("id_value")}

    def complete(self, change: Change, record: Record, values: Record, before: Record | None) -> None:
        record |= {"role": "staff", "level": 20 if record["id"] == 1 else 10, "api_token": None}
        record["uuid"] = record.get("uuid") or self.world.random.uuid("freshbooks.staff")

    def check(self, change: Change, values: Record, before: Record | None) -> list[Detail]:
        return []


class Identity:
    def __init__(self, vendor: "FreshBooks") -> None:
        self._vendor = vendor
        self._world = vendor.world

    def routes(self) -> list[Route]:
        host, base = "freshbooks.api", "/auth/api/v1"
        teams = ("user:teams:read",)
        uploads = ("user:uploads:write", "user:expenses:write", "user:bills:write", "user:invoices:write")
        return [
            Route("GET", base + "/users/me", self.me, host, "who am I", "1.2", ("user:profile:read",)),
            Route(
                "GET",
                base + "/users/business/{business_id}",
                self.business,
                host,
                "the business",
                "3.11",
                teams,
            ),
            Route(
                "GET",
                base + "/businesses/{business_id}/team_members",
                self.team,
                host,
                "team members",
                "3.11",
                teams,
                query=("page", "per_page"),
            ),
            Route(
                "POST",
                "/uploads/account/{account_id}/attachments",
                self.upload,
                host,
                "upload",
                "1.1",
                uploads,
            ),
            Route(
                "POST", "/uploads/account/{account_id}/images", self.upload, host, "upload", "1.1", uploads
            ),
        ]

    def me(self, call: Call) -> Reply:
        vendor, created = self._vendor, iso_z(self._vendor.opened_at)
        account, (first, last) = vendor.account_id, vendor.owner_name
        address = {"id": 91, **ADDRESS}
        person = {"first_name": first, "last_name": last}
        profile = {"setup_complete": True, **person, "phone_number": None, "address": address}
        membership = {"id": 30_211, "role": "owner", "unacknowledged_change": False}
        answer: dict[str, Any] = {
            "id": vendor.identity_id,
            "identity_id": vendor.identity_id,
            "identity_uuid": vendor.identity_uuid,
            **person,
            "email": vendor.owner_email,
            "language": "en",
            "confirmed_at": created,
            "created_at": created,
            "unconfirmed_email": None,
            "setup_complete": True,
            "profile": profile | {"professions": []},
            "phone_numbers": [],
            "addresses": [address],
            "profession": self._profession(),
            "links": {"me": "/service/auth/api/v1/users", "roles": "/service/auth/api/v1/users/role"},
            "permissions": {account: {"client.limit": self._client_limit(), "staff.limit": 10}},
            "groups": [self._group()],
            "subscription_statuses": {account: "active"},
            "integrations": {},
            "business_memberships": [membership | {"business": self._business(address)}],
            "identity_origin": "magnum",
            "roles": [self._role(created)],
            "business_statuses": {str(vendor.business_id): "active"},
        }
        return json_reply({"response": answer})

    def _profession(self) -> dict[str, Any]:
        """The sheet names no keys: these are what FreshBooks' Node client reads (models/Profession.js)."""
        return {
            "id": 5_502,
            "title": "Photographer",
            "company": self._vendor.business_name,
            "designation": None,
            "business_id": self._vendor.business_id,
        }

    def _client_limit(self) -> int:
        return int(self._world.switches.get("freshbooks.client_limit")) or 100_000

    def _group(self) -> dict[str, Any]:
        return {
            "id": 7_710,
            "group_id": 6_620,
            "role": "owner",
            "identity_id": self._vendor.identity_id,
            "identity_uuid": self._vendor.identity_uuid,
            "business_id": self._vendor.business_id,
            "active": True,
        }

    def _business(self, address: dict[str, Any]) -> dict[str, Any]:
        vendor, hidden = self._vendor, self._world.switches.on("freshbooks.account_id_null")
        return {
            "id": vendor.business_id,
            "business_uuid": vendor.business_uuid,
            "name": vendor.business_name,
            "account_id": None if hidden else vendor.account_id,
            "date_format": "mm/dd/yyyy",
            "address": address,
            "phone_number": None,
            "business_clients": [],
        }

    def _role(self, created: str) -> dict[str, Any]:
        return {
            "id": 4_411,
            "role": "admin",
            "systemid": 700_123,
            "userid": 1,
            "created_at": created,
            "links": {"destroy": "/service/auth/api/v1/users/role/4411"},
            "accountid": self._vendor.account_id,
        }

    def business(self, call: Call) -> Reply:
        vendor = self._vendor
        member = {"id": 1, "identity_id": vendor.identity_id, "role": "owner", "email": vendor.owner_email}
        return json_reply(
            {
                "response": {
                    "id": vendor.business_id,
                    "business_uuid": vendor.business_uuid,
                    "name": vendor.business_name,
                    "account_id": vendor.account_id,
                    "business_group": {"id": 6_620, "category": "business", "members": [member]},
                    "timezone": "America/New_York",
                    "date_format": "mm/dd/yyyy",
                    "number_format": "1,234.56",
                    "first_day_of_week": 0,
                    "status": "active",
                    "business_type": "service",
                    "billing_country_code": "US",
                }
            }
        )

    def team(self, call: Call) -> Reply:
        paging = read_paging(call, 30)
        rows = [
            self._member(record)
            for each in self._vendor.staff.table
            if (record := self._vendor.staff.table.get(each))
        ]
        shown = rows[paging.offset : paging.offset + paging.per_page]
        return json_reply(
            {
                "response": shown,
                "meta": {"page": paging.page, "per_page": paging.per_page, "total": len(rows)},
            }
        )

    def _member(self, staff: Record) -> dict[str, Any]:
        vendor, owner = self._vendor, staff["id"] == 1
        stamp = iso_z(vendor.opened_at)
        return {
            "uuid": staff["uuid"],
            "first_name": staff["fname"],
            "middle_name": None,
            "last_name": staff["lname"],
            "email": staff["email"],
            "job_title": None,
            **{key: ADDRESS.get(key) for key in ("city", "province", "country", "postal_code")},
            "street_1": ADDRESS["street"],
            "street_2": None,
            "phone_number": staff["bus_phone"] or None,
            "business_id": vendor.business_id,
            "business_role_name": "owner" if owner else "business_employee",
            "active": True,
            "identity_id": vendor.identity_id if owner else vendor.identity_id + staff["id"],
            "invitation_date_accepted": stamp,
            "created_at": stamp,
            "updated_at": stamp,
        }

    def upload(self, call: Call) -> Reply:
        """The file itself is dropped; its receipt is what an expense refers to."""
        file = call.form().files.get("content")
        if file is None:
            raise Refused(json_reply({"error": "No file was uploaded in the field 'content'."}, 400))
        number_ = self._world.counters.next("freshbooks.upload", 91_001)
        name = "image" if call.path.rstrip("/").endswith("images") else "attachment"
        row = {
            "id": number_,
            "jwt": self._world.random.token("freshbooks.upload", 160),
            "media_type": file.media_type,
            "filename": file.filename,
            "size": len(file.content),
            "uploaded_at": eastern(self._world.clock.now()),
        }
        return json_reply(
            {name: row, "link": f"{self._world.url('freshbooks.api')}/uploads/{name}s/{row['jwt']}"}
        )


ADDRESS = {
    "street": "12 Quay St",
    "city": "Portland",
    "province": "ME",
    "country": "United States",
    "postal_code": "04101",
}
