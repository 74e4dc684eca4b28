"""Documents: exact numbers both ways, and nothing but a MappingError for anything else."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from twinledger.mapping.document import MAX_BYTES, MAX_DEPTH, decode, encode
from twinledger.mapping.errors import MappingError


def test_numbers_stay_exact() -> None:
    document = decode(
        b'{"rate": 0.1, "total": 100.10, "id": 7001000000012001, "big": 123456789012345678901, "n": 3}'
    )
    assert document == {
        "rate": Decimal("0.1"),
        "total": Decimal("100.10"),
        "id": 7001000000012001,
        "big": 123456789012345678901,
        "n": 3,
    }
    assert not any(isinstance(value, float) for value in document.values())


def test_a_number_inside_lists_stays_exact() -> None:
    assert decode(b'{"lines": [{"rate": 1.10}]}') == {"lines": [{"rate": Decimal("1.10")}]}


def test_an_exact_number_is_written_digit_for_digit() -> None:
    assert (
        encode({"rate": Decimal("100.10"), "n": Decimal("1E+2"), "t": "é"})
        == '{"rate":100.10,"n":100,"t":"é"}'.encode()
    )


def test_what_has_no_json_form_is_refused() -> None:
    with pytest.raises(TypeError):
        encode({"x": {1, 2}})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not json",
        b"[]",
        b'"text"',
        b'{"x": NaN}',
        b'{"x": Infinity}',
        b'{"x": "\xff"}',
        b'{"x": "\\ud800", "y": 1.5}',
        b'{"x": 1,}',
        b"\xff\xfe{\x00}\x00",
        b'{"x": ' + b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1) + b"}",
        b'{"x": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"x": "' + b"a" * MAX_BYTES + b'"}',
    ],
    ids=range(13),
)
def test_anything_else_is_undecodable(data: bytes) -> None:
    with pytest.raises(MappingError) as caught:
        decode(data)
    assert caught.value.error_class == "undecodable"


def test_many_shallow_brackets_are_no_depth() -> None:
    text = b'{"x": [' + b",".join([b'{"a": "}{]["}'] * 500) + b"]}"
    assert len(decode(text)["x"]) == 500


def test_the_depth_limit_is_exact() -> None:
    inner = MAX_DEPTH - 1
    assert decode(b'{"x": ' + b"[" * inner + b"]" * inner + b', "pad": [' + b"[]," * 70 + b"[]]}")


@given(data=st.binary(max_size=60))
@example(data=b'{"x":1e400}')
@example(data=b'{"x":1e999999999}')
def test_bytes_give_a_document_or_a_mapping_error(data: bytes) -> None:
    try:
        assert isinstance(decode(data), dict)
    except MappingError as error:
        assert error.error_class == "undecodable"
