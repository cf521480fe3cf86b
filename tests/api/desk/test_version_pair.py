"""Two versions side by side: what differs first."""

from __future__ import annotations

import msgspec

from estimates.catalog.records import InputDigest
from estimates_api.desk.version_pair import Trait, traits
from tests.api.desk.versions import AT, version


def test_what_differs_comes_first() -> None:
    """What is the same in both stands after it, what neither says nowhere."""
    differing, same = traits(version(), version(version=2, state="production", seed=7))
    assert [(t.name, t.first, t.second) for t in differing] == [
        ("State", "superseded", "production"),
        ("Seed", None, 7),
    ]
    assert [trait.name for trait in same] == [
        *("Published", "Data through", "Estimates", "Contract"),
    ]


def test_inputs_are_put_side_by_side_by_name() -> None:
    """An input that only one of them had stands there with nothing on the other side."""
    old = [InputDigest("prices", "a.csv", "0" * 64, 5)]
    new = [InputDigest("prices", "a.csv", "1" * 64, 6), InputDigest("news", "b", "2" * 64)]
    differing, _ = traits(version(inputs=old), version(inputs=new))
    assert [(t.name, t.first, t.second) for t in differing] == [
        ("Rows of prices", 5, 6),
        ("SHA-256 of prices", "0" * 12, "1" * 12),
        ("SHA-256 of news", None, "2" * 12),
    ]


def test_times_of_one_minute() -> None:
    """Only times that differ in seconds alone need their seconds shown."""
    later = AT.replace(second=9)
    assert Trait("Published", "time", AT, later).in_one_minute
    assert not Trait("Published", "time", AT, later.replace(minute=1)).in_one_minute
    assert not Trait("Published", "time", AT, None).in_one_minute
    assert not Trait("Job", "text", AT, AT).in_one_minute
    assert msgspec.json.encode(version())  # a detail that the service could send
