# mypy: ignore-errors
# It runs where our types and tools are not: in the environment of the client it tries.
"""What `zoho_crm_sdk_round.py` builds its calls from and reads its answers with."""

import json
import sys
import urllib.request
from pathlib import Path

from zohocrmsdk.src.com.zoho.api.authenticator.oauth_token import OAuthToken
from zohocrmsdk.src.com.zoho.api.authenticator.store import FileStore
from zohocrmsdk.src.com.zoho.crm.api import Initializer, ParameterMap
from zohocrmsdk.src.com.zoho.crm.api.dc import DataCenter
from zohocrmsdk.src.com.zoho.crm.api.record import BodyWrapper, Record
from zohocrmsdk.src.com.zoho.crm.api.sdk_config import SDKConfig

urls = json.loads(Path(sys.argv[1]).read_text())["zoho"]["us"]
folder = Path(sys.argv[2])


def sign_in(**token) -> None:
    token_url = f"{urls['accounts']}/oauth/v2/token"
    environment = DataCenter.Environment(urls["api_domain"], token_url, urls["api_domain"])
    grant = OAuthToken(
        client_id=urls["client_id"],
        client_secret=urls["client_secret"],
        redirect_url=urls["redirect_uri"],
        find_user=False,
        **token,
    )
    resources = folder / str(len(list(folder.iterdir())))
    resources.mkdir()
    Initializer.initialize(
        environment,
        grant,
        FileStore(str(resources / "tokens.txt")),
        SDKConfig(auto_refresh_fields=False, pick_list_validation=True, update_api_domain=False),
        str(resources),
    )


def params(**given) -> ParameterMap:
    filled = ParameterMap()
    for parameter, value in given.values():
        filled.add(parameter, value)
    return filled


def record(**fields) -> Record:
    made = Record()
    for name, value in fields.items():
        if name == "id":
            made.set_id(value)
        else:
            made.add_key_value(name, value)
    return made


def linked(record_id: int) -> Record:
    made = Record()
    made.set_id(record_id)
    return made


def body(*records: Record, **more) -> BodyWrapper:
    wrapper = BodyWrapper()
    wrapper.set_data(list(records))
    if "check" in more:
        wrapper.set_duplicate_check_fields(more["check"])
    return wrapper


def rows(response) -> list:
    """[status code of HTTP, then status/code/id per record]"""
    found = [response.get_status_code()]
    for each in response.get_object().get_data():
        details = each.get_details()
        found.append([each.get_status().get_value(), each.get_code().get_value(), str(details.get("id"))])
    return found


def refused(response) -> list:
    error = response.get_object()
    return [response.get_status_code(), error.get_code().get_value() if error is not None else None]


def limit(**caps) -> None:
    """The admin API of the sandbox, not the client, moves the limits."""
    address = json.loads(Path(sys.argv[1]).read_text())["admin"]
    wanted = json.dumps({"system": "zoho_crm", **caps}).encode()
    request = urllib.request.Request(f"{address}/limits", wanted, method="PUT")  # noqa: S310 - loopback
    urllib.request.urlopen(request).close()  # noqa: S310 - loopback
