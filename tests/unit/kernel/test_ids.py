from __future__ import annotations

from datetime import timedelta
from uuid import uuid5

from tests.fakes.clock import START, FakeClock

from twinledger.kernel.ids import NAMESPACE, derived_id, derived_ulid, new_rng, new_ulid, reference


def test_the_same_parts_give_the_same_id_and_others_another() -> None:
    assert derived_id("a", "bc") == derived_id("a", "bc")
    assert derived_id("a", "bc") != derived_id("ab", "c")


def test_derived_ids_are_uuid5_of_the_namespace() -> None:
    assert derived_id("a", "bé") == uuid5(NAMESPACE, "a\x1fbé")


def test_ulids_sort_by_time() -> None:
    clock = FakeClock()
    earlier = new_ulid(clock)
    clock.advance(0.001)
    assert earlier < new_ulid(clock)
    assert len(earlier) == 26


def test_a_derived_ulid_is_made_again_by_a_replay() -> None:
    assert derived_ulid(START, "topic", "0", "17") == derived_ulid(START, "topic", "0", "17")
    assert derived_ulid(START, "topic", "0", "17") != derived_ulid(START, "topic", "0", "18")
    assert derived_ulid(START, "a") < derived_ulid(START + timedelta(milliseconds=1), "a")


def test_a_reference_needs_the_key() -> None:
    mark = reference(b"key", "freshbooks.client", "24018", "primary")
    assert mark.startswith("TL-")
    assert len(mark) == 23
    assert mark != reference(b"other", "freshbooks.client", "24018", "primary")


def test_a_seeded_rng_repeats_itself() -> None:
    assert new_rng(7).random() == new_rng(7).random()
