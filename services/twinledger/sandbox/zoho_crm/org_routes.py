"""Sandbox, Zoho CRM: users, organization, modules, layouts, pipeline, and the catalogue of its own API."""

from typing import TYPE_CHECKING, Any

from ..call import Call, Reply, json_reply
from ..zoho_accounts import User
from .answers import empty, refuse
from .costs import coql_cost, records_cost
from .field_tables import PIPELINE, STAGES
from .module import Module
from .paging import number_of

if TYPE_CHECKING:
    from .vendor import ZohoCrm

__all__ = ["OrgRoutes"]

USER_TYPES = {
    "CurrentUser", "ActiveUsers", "ActiveConfirmedUsers", "AllUsers", "AdminUsers", "ActiveConfirmedAdmins",
    "DeactiveUsers", "ConfirmedUsers", "NotConfirmedUsers", "DeletedUsers",
}  # fmt: skip
NOBODY = {"DeactiveUsers", "NotConfirmedUsers", "DeletedUsers"}


class OrgRoutes:
    def __init__(self, crm: "ZohoCrm") -> None:
        self._crm = crm
        self._org = crm.org

    def users(self, call: Call) -> Reply:
        kind = call.arg("type", "AllUsers") or "AllUsers"
        if kind not in USER_TYPES:
            details = {"param_name": "type", "supported_values": sorted(USER_TYPES)}
            raise refuse("INVALID_DATA", "invalid data", details)
        ids = [] if kind in NOBODY else list(self._org.users)
        if kind == "CurrentUser":
            ids = [self._org.actor(call.actor)]
        elif "Admin" in kind:
            ids = [self._org.owner_id]
        page, size = number_of(call, "page", 1), number_of(call, "per_page", 200, 200)
        shown = ids[(page - 1) * size : page * size]
        if not shown:
            return empty()
        info = {"per_page": size, "count": len(shown), "page": page, "more_records": len(ids) > page * size}
        return json_reply({"users": [self._user(each) for each in shown], "info": info})

    def user(self, call: Call) -> Reply:
        if call.params["id"] not in self._org.users:
            raise refuse("INVALID_DATA", "the id given seems to be invalid", {"resource_path_index": 1})
        return json_reply({"users": [self._user(call.params["id"])]})

    def _user(self, user_id: str) -> dict[str, Any]:
        user: User = self._org.users[user_id]
        prefix, owner = self._org.facts.id_prefix, user_id == self._org.owner_id
        profile = "Administrator" if owner else "Standard"
        return {
            "id": user_id,
            "zuid": user.zuid,
            "full_name": user.full_name,
            "first_name": user.first_name,
            "last_name": user.last_name,
            "email": user.email,
            "status": "active",
            "confirm": True,
            "type__s": "Regular User",
            "role": {"name": user.role, "id": f"{prefix}{26_005 if owner else 26_008:012d}"},
            "profile": {"name": profile, "id": f"{prefix}{26_011 if owner else 26_014:012d}"},
            "time_zone": self._org.facts.time_zone,
            "language": "en_US",
            "locale": "en_US",
            "country": self._org.facts.country_code,
            "country_locale": "en_US",
            "date_format": "MMM d, yyyy",
            "time_format": "hh:mm a",
            "Created_Time": self._org.shown(1_700_000_000),
            "Modified_Time": self._org.shown(1_700_000_000),
        }

    def org(self, call: Call) -> Reply:
        facts, owner = self._org.facts, self._org.users[self._org.owner_id]
        row = {
            "id": f"{facts.id_prefix}{225_001:012d}",
            "zgid": facts.zgid,
            "company_name": facts.name,
            "alias": None,
            "primary_zuid": owner.zuid,
            "primary_email": owner.email,
            "country": facts.country,
            "country_code": facts.country_code,
            "time_zone": facts.time_zone,
            "currency": facts.currency,
            "currency_locale": "en_US",
            "iso_code": facts.currency,
            "currency_symbol": facts.currency_symbol,
            "mc_status": False,
            "gapps_enabled": False,
            "license_details": {
                "paid": True,
                "paid_type": self._org.switch("edition"),
                "users_license_purchased": len(self._org.users),
                "trial_type": None,
                "trial_action": None,
                "paid_expiry": None,
                "trial_expiry": None,
            },
        }
        return json_reply({"org": [row]})

    def modules(self, call: Call) -> Reply:
        return json_reply({"modules": [self._module(each) for each in self._org.modules.values()]})

    def module(self, call: Call) -> Reply:
        module = self._org.modules.get(call.params["name"])
        if module is None:
            raise refuse(
                "INVALID_MODULE", "the module name given seems to be invalid", {"resource_path_index": 2}
            )
        return json_reply({"modules": [self._module(module)]})

    def _module(self, module: Module) -> dict[str, Any]:
        return {
            "api_name": module.api_name,
            "module_name": module.api_name,
            "singular_label": module.singular,
            "plural_label": module.api_name,
            "id": module.id,
            "api_supported": True,
            "generated_type": "default",
            "creatable": True,
            "editable": True,
            "deletable": True,
            "viewable": True,
            "visible": True,
            "show_as_tab": True,
            "visibility": 1,
            "convertable": module.api_name == "Leads",
            "feeds_required": False,
            "scoring_supported": module.api_name != "Notes",
            "webform_supported": module.api_name in ("Leads", "Contacts"),
            "global_search_supported": True,
            "quick_create": True,
            "modified_by": None,
            "modified_time": None,
            "sequence_number": module.number,
            "profiles": [],
            "business_card_field_limit": 5,
            "parent_module": {},
        }

    def layouts(self, call: Call) -> Reply:
        module = self._org.modules.get(call.arg("module") or "")
        if module is None:
            raise refuse(
                "INVALID_MODULE", "the module name given seems to be invalid", {"param_name": "module"}
            )
        layout = module.layout()
        fields = [field.described() for field in module.fields.values()]
        section: dict[str, Any] = {
            "display_label": f"{module.singular} Information",
            "api_name": f"{module.singular}_Information",
        }
        section |= {"sequence_number": 1, "column_count": 2, "type": "used", "fields": fields}
        row = {**layout, "api_name": "Standard", "status": "active", "visible": True, "sections": [section]}
        return json_reply(
            {"layouts": [{**row, "created_for": None, "profiles": [], "has_more_profiles": False}]}
        )

    def pipeline(self, call: Call) -> Reply:
        deals = self._org.modules["Deals"]
        if call.arg("layout_id") not in (None, "", deals.layout()["id"]):
            raise refuse("INVALID_DATA", "the id given seems to be invalid", {"param_name": "layout_id"})
        base = deals.id[:-6]
        stages = [
            {
                "display_value": "Identify Decision Makers" if name.startswith("Id.") else name,
                "actual_value": name,
                "sequence_number": number,
                "forecast_category": {"name": forecast, "id": f"{base}{5_100 + number:06d}"},
                "forecast_type": forecast,
                "probability": probability,
                "id": f"{base}{5_000 + number:06d}",
                "delete": False,
            }
            for number, (name, (probability, forecast)) in enumerate(STAGES.items(), 1)
        ]
        row = {"display_value": PIPELINE, "actual_value": PIPELINE, "default": True, "maps": stages}
        return json_reply(
            {"pipeline": [{**row, "child_available": False, "parent": None, "id": f"{base}005000"}]}
        )

    def related_lists(self, call: Call) -> Reply:
        module = self._org.modules.get(call.arg("module") or "")
        if module is None:
            raise refuse(
                "INVALID_MODULE", "the module name given seems to be invalid", {"param_name": "module"}
            )
        notes = self._org.modules["Notes"]
        row = {"id": f"{module.id[:-6]}{7_000 + module.number:06d}", "api_name": "Notes", "name": "Notes"}
        row |= {"display_label": "Notes", "href": f"{module.api_name}/{{ENTITYID}}/Notes", "type": "default"}
        target = {"api_name": "Notes", "id": notes.id}
        return json_reply({"related_lists": [{**row, "sequence_number": "1", "module": target}]})

    def apis(self, call: Call) -> Reply:
        """Cost and scope of every path, from the routes themselves."""
        paths: dict[str, list[dict[str, Any]]] = {}
        for route in self._crm.routes():
            least, most = 1, route.cost
            if route.cost is records_cost:
                most = 10
            elif route.cost is coql_cost:
                most = 3
            elif isinstance(route.cost, int):
                least = route.cost
            operation = {
                "method": route.method,
                "oauth_scope": ",".join(route.scopes),
                "max_credits": most,
                "min_credits": least,
            }
            paths.setdefault(route.path, []).append(operation)
        rows = [{"path": path, "operation_types": operations} for path, operations in paths.items()]
        return json_reply({"__apis": rows})
