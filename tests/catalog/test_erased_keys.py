"""Digests that stand for erased keys, and verdicts without what they named of them."""

from __future__ import annotations

import hashlib

import msgspec

from estimates.catalog.erased_keys import MESSAGE, ErasedKeys, erased_error, replaced_parts
from estimates.catalog.records import ErasedPart, Erasure
from tests.catalog.histories import hour, version


def keys(*texts: list[str], store: str = "s", name: str = "closes") -> ErasedKeys:
    """These keys as erased ones."""
    digest = ErasedKeys(store, name, ()).digest
    return ErasedKeys(store, name, {digest(key) for key in texts})


def test_a_key_is_erased_with_any_leading_part_of_it() -> None:
    """Not by a part that is none of the leading ones, nor by one that only begins alike."""
    erased = keys(["ann"], ["bob", "2026"])
    assert ["ann"] in erased
    assert ["ann", "2026"] in erased
    assert ["bob", "2026"] in erased
    assert ["bob"] not in erased
    assert ["bob", "2027"] not in erased
    assert ["an", "n"] not in erased
    assert ["2026", "ann"] not in erased
    assert erased.digest_of(["ann", "2026"]) == erased.digest(["ann"])
    assert erased.digest_of(["eve"]) is None


def test_a_digest_is_of_one_store_and_one_set() -> None:
    """Nobody learns from another set's log who was erased here; parts do not run together."""
    own = keys().digest(["a", "b"])
    assert own == hashlib.sha256(b"s\0closes\0a\0b\0").hexdigest()
    assert own != keys(store="t").digest(["a", "b"])
    assert own != keys(name="opens").digest(["a", "b"])
    assert own != keys().digest(["ab"])
    assert own != keys().digest(["a", "b", ""])


VERDICT = msgspec.json.encode(
    {
        "outcome": "block",
        "checks": [
            {
                "name": "jumps",
                "message": "ann moved most",
                "offenders": [{"key": ["ann"]}, {"key": ["bob"]}, {"key": None}],
                "groups": [{"message": "a: ann"}],
            },
            {"name": "nan", "message": "3 cells", "offenders": [{"key": ["bob"]}], "groups": []},
            {"name": "nulls", "message": "none", "offenders": None},
        ],
    }
).decode()


def test_a_verdict_names_no_erased_key() -> None:
    """The check that named one says so; others stay as they were."""
    jumps, nan, nulls = msgspec.json.decode(keys(["ann"]).taken_out_of(VERDICT))["checks"]
    assert jumps["offenders"] == [{"key": ["bob"]}, {"key": None}]
    assert (jumps["message"], jumps["groups"]) == (MESSAGE, [{"message": MESSAGE}])
    assert (nan["message"], nan["offenders"]) == ("3 cells", [{"key": ["bob"]}])
    assert nulls["message"] == "none"


def test_a_verdict_that_names_none_stays_as_it_is() -> None:
    """Byte for byte: its digest is in the chain."""
    assert keys(["eve"]).taken_out_of(VERDICT) == VERDICT


def part(digest: str, by: str, rows: int = 1) -> ErasedPart:
    """One part that is read in another one's place."""
    return ErasedPart(digest, by, 10, rows)


def erasure(number: int, *replaced: ErasedPart) -> Erasure:
    """An erasure of these parts."""
    return Erasure(number, "closes", ["d"], list(replaced), {}, "asked", "ann", hour(number))


def test_a_part_erased_from_twice_leads_to_its_last_form() -> None:
    """By the name that manifests have, and by the one in between."""
    replaced = replaced_parts(
        [erasure(1, part("p1", "p2", 5), part("q1", "q2")), erasure(2, part("p2", "p3", 4))]
    )
    assert replaced["p1"] == part("p1", "p3", 4)
    assert replaced["p2"] == part("p2", "p3", 4)
    assert replaced["q1"] == part("q1", "q2")


def test_who_asks_for_an_erased_key_is_told_so() -> None:
    """When, by whom and why, and no number."""
    error = erased_error(version(3), "ann", ["ann"], erasure(5))
    assert error.code == "erased"
    assert "erased from all versions at 2026-11-24T05:00:00Z by ann (asked)" in error.message
    assert error.details["key"] == ["ann"]
    assert error.details["version"] == 3
