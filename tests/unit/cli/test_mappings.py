"""`twinledger mappings`: what there is, whether a file is right, what it does to a document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.test_main import Twinledger
from tests.unit.cli.test_main import twinledger as twinledger

from twinledger.mapping.catalogue import find

CLIENT = {
    "id": 24018,
    "fname": " Ana ",
    "lname": "Ruiz",
    "email": "ANA@harbor.example",
    "organization": "Harbor",
    "updated": "2026-03-05 09:30:00",
    "vis_state": 0,
}


@pytest.fixture
def client_file(tmp_path: Path) -> Path:
    entry = find("freshbooks.client")
    assert entry is not None
    file = tmp_path / "client.yaml"
    file.write_text(entry.path.read_text())
    return file


def document(folder: Path, **fields: Any) -> str:
    file = folder / "client.json"
    file.write_text(json.dumps({**CLIENT, **fields}))
    return str(file)


def test_lists_every_definition_with_its_cases(twinledger: Twinledger) -> None:
    rows = json.loads(twinledger("mappings", "list", "-o", "json").stdout)
    assert {row["kind"] for row in rows} == {"mapping", "sync", "flow"}
    assert all(row["cases"] > 0 for row in rows)


def test_shows_the_exact_bytes(twinledger: Twinledger, client_file: Path) -> None:
    assert twinledger("mappings", "show", "freshbooks.client").stdout == client_file.read_text()


def test_a_name_nobody_has_is_not_found(twinledger: Twinledger) -> None:
    answer = twinledger("mappings", "show", "freshbooks.spaceship")
    assert answer.returncode == 3
    assert "try: twinledger mappings list" in answer.stderr


def test_check_names_file_line_and_field(twinledger: Twinledger, client_file: Path) -> None:
    assert twinledger("mappings", "check", str(client_file)).returncode == 0
    client_file.write_text(client_file.read_text().replace("apply: [email]", "apply: [e-mail]"))
    answer = twinledger("mappings", "check", str(client_file))
    assert answer.returncode == 1
    assert "client.yaml:10: fields.email.apply: 'e-mail' is not a value function" in answer.stderr


def test_preview_shows_what_each_other_side_would_be_sent(twinledger: Twinledger, tmp_path: Path) -> None:
    shown = json.loads(
        twinledger("mappings", "preview", "freshbooks.client", document(tmp_path), "-o", "json").stdout
    )
    assert shown["fields"]["email"] == "ana@harbor.example"
    assert shown["writes"]["zoho_crm.account"] == {"Account_Name": "Harbor"}
    assert shown["writes"]["zoho_crm.contact"]["First_Name"] == "Ana"
    assert shown["writes"]["zoho_books.contact"]["contact_name"] == "Harbor"


def test_preview_by_a_file_of_ones_own(twinledger: Twinledger, tmp_path: Path, client_file: Path) -> None:
    client_file.write_text(client_file.read_text().replace("path: fname", "path: nickname"))
    arguments = ("freshbooks.client", document(tmp_path, nickname="Anita"), "--file", str(client_file))
    shown = json.loads(twinledger("mappings", "preview", *arguments, "-o", "json").stdout)
    assert shown["fields"]["name.given"] == "Anita"


def test_preview_of_a_document_that_makes_no_sense_names_the_field(
    twinledger: Twinledger, tmp_path: Path
) -> None:
    answer = twinledger("mappings", "preview", "freshbooks.client", document(tmp_path, fname={"no": "text"}))
    assert answer.returncode == 1
    assert "a text is expected" in answer.stderr


def test_diff_tells_each_statement_that_differs(twinledger: Twinledger, client_file: Path) -> None:
    client_file.write_text(client_file.read_text().replace("version: 1", "version: 2"))
    rows = json.loads(twinledger("mappings", "diff", str(client_file), "-o", "json").stdout)
    assert rows == [{"at": "version", "before": "1", "after": "2"}]
