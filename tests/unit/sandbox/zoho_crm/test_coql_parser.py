"""COQL: text to tree, and every refusal the sheet names."""

import orjson
import pytest

from twinledger.sandbox.call import Refused
from twinledger.sandbox.zoho_crm.coql_parser import Column, Comparison, Junction, parse

START = "select Email from Contacts where "


def _refusal(text: str) -> tuple[str, dict[str, object]]:
    with pytest.raises(Refused) as caught:
        parse(text)
    body = orjson.loads(caught.value.reply.body)
    assert caught.value.reply.status == 400
    return body["code"], body["details"]


def test_reads_all_clauses() -> None:
    query = parse(
        "SELECT Last_Name, Account_Name.Account_Name FROM Contacts WHERE ((Email = 'a@b.c') and (id > 5))"
        " ORDER BY Modified_Time DESC, id LIMIT 10, 200"
    )
    assert [each.name for each in query.columns] == ["Last_Name", "Account_Name.Account_Name"]
    assert query.where == Junction("and", (Comparison("Email", "=", "a@b.c"), Comparison("id", ">", 5)))
    assert query.orders == (("Modified_Time", True), ("id", False))
    assert (query.module, query.offset, query.limit) == ("Contacts", 10, 200)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("Email is null", Comparison("Email", "is null")),
        ("Email is not null", Comparison("Email", "is not null")),
        ("Email in ('a', 'b')", Comparison("Email", "in", ["a", "b"])),
        ("Email not in ('a')", Comparison("Email", "not in", ["a"])),
        ("Email like 'a%'", Comparison("Email", "like", "a%")),
        ("Email not like '%b'", Comparison("Email", "not like", "%b")),
        ("Amount between 1 and 2.5", Comparison("Amount", "between", (1, 2.5))),
        ("Amount != -3", Comparison("Amount", "!=", -3)),
        ("Email_Opt_Out = true", Comparison("Email_Opt_Out", "=", True)),
        (r"Last_Name = 'O\'Brien'", Comparison("Last_Name", "=", "O'Brien")),
        ("Last_Name = 'and (or) in'", Comparison("Last_Name", "=", "and (or) in")),
    ],
)
def test_reads_each_comparator(condition: str, expected: Comparison) -> None:
    assert parse(START + condition).where == expected


def test_limit_defaults_to_200_and_takes_three_forms() -> None:
    assert [parse(START + "id > 1" + tail).limit for tail in ("", " limit 7", " limit 5, 7")] == [200, 7, 7]
    assert parse(START + "id > 1 limit 7 offset 5").offset == 5


def test_aggregates_and_aliases() -> None:
    query = parse("select COUNT(id) as total, Stage from Deals where id > 0 group by Stage")
    assert query.columns[0] == Column("id", "count", "total")
    assert query.groups == ("Stage",)


def test_three_conditions_need_brackets_unless_switched() -> None:
    flat = START + "id > 1 and id > 2 and id > 3"
    assert _refusal(flat)[0] == "SYNTAX_ERROR"
    assert isinstance(parse(flat, pairwise=False).where, Junction)
    assert parse(START + "((id > 1 and id > 2) and id > 3)").where is not None


@pytest.mark.parametrize(
    ("text", "code", "detail"),
    [
        ("delete from Contacts", "SYNTAX_ERROR", "clause"),
        ("select Email", "SYNTAX_ERROR", "clause"),
        (START + "Email = ", "SYNTAX_ERROR", "near"),
        (START + "Email ~ 'x'", "SYNTAX_ERROR", "near"),
        (START + "Email 'x'", "SYNTAX_ERROR", "operator"),
        (START + "(id > 1", "SYNTAX_ERROR", "near"),
        (START + "Email = 'open", "SYNTAX_ERROR", "near"),
        (START + "id > 1 limit 2001", "LIMIT_EXCEEDED", "limit"),
        (START + "id > 1 limit 99999, 2", "LIMIT_EXCEEDED", "limit"),
        ("select a as x, b as x from Contacts", "DUPLICATE_ALIAS", "alias"),
        (f"select {','.join(f'F{n}' for n in range(51))} from Contacts", "LIMIT_EXCEEDED", "limit"),
    ],
)
def test_refuses_with_the_place(text: str, code: str, detail: str) -> None:
    found, details = _refusal(text)
    assert found == code
    assert detail in details


def test_no_more_than_25_criteria() -> None:
    nested = "id > 0"
    for number in range(1, 26):
        nested = f"({nested} and id > {number})"
    assert _refusal(START + nested)[0] == "LIMIT_EXCEEDED"
