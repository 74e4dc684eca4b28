# mypy: ignore-errors
# It runs where our types and tools are not: in the environment of the client it tries.
"""Runs in the environment of PyPI zoho-people-sdk, never in ours: employees, host tables patched."""

import json
import sys
from pathlib import Path

from zoho_people import ZohoPeopleAuth, ZohoPeopleClient, auth

urls = json.loads(Path(sys.argv[1]).read_text())["zoho"]["us"]
auth.ACCOUNTS_URLS["US"] = urls["accounts"]
auth.PEOPLE_BASE_URLS["US"] = urls["people"]
names = ("client_id", "client_secret", "refresh_token")
client = ZohoPeopleClient(auth=ZohoPeopleAuth(**{name: urls[name] for name in names}), max_retries=0)
seen: dict = {"listed": [each["EmployeeID"] for each in client.employee.get_all()]}
fields = {"EmployeeID": "E-300", "FirstName": "Noor", "LastName": "Haddad", "EmailID": "noor@firm.example"}
created = client.employee.create(fields)
record_id = created["result"]["pkId"]
seen["created"] = created["message"]
seen["by_email"] = client.employee.get_by_email("noor@firm.example")["recordId"] == record_id
seen["by_id"] = client.employee.get_by_id("E-300")["FirstName"]
seen["updated"] = client.employee.update(record_id, {"Mobile": "555"})["result"]["message"]
seen["one"] = client.employee.get_by_record_id(record_id)[0]["Mobile"]
seen["again"] = client.employee.create(fields).get("result")
sys.stdout.write(json.dumps(seen))
