"""Which sets are made of which."""

from __future__ import annotations

from estimates.catalog.records import InputDigest, Provenance
from estimates.catalog.sets_read import ReadBy, SetRead, read_by, sets_read
from tests.catalog.histories import event, hour, promoted, set_of, version, view_of


def reading(name: str, number: str | None, of: str = "prices") -> InputDigest:
    """An input that is a version of another set."""
    return InputDigest(name, "x", "d", version=number, set=of)


def test_a_version_names_what_it_read_and_what_production_is_now() -> None:
    """Files, and sets that are gone, are left out."""
    inputs = (
        reading("p", "1"),
        reading("gone", "1", "nowhere"),
        reading("unsaid", None),
        InputDigest("file", "a.csv", "d"),
    )
    made = version(1, provenance=Provenance(hour(1), "r", inputs=inputs))
    of_prices = [version(1, set="prices"), version(2, set="prices")]
    prices = set_of(event(1, "judged", 2, blocks=False), promoted(2, 2), versions=of_prices)
    view = view_of(prices=prices, closes=set_of(versions=[made]))
    assert sets_read(view, made) == [SetRead("p", "prices", 1, "unjudged", 2)]
    nothing = view_of(prices=set_of(versions=of_prices))
    assert [edge.production for edge in sets_read(nothing, made)] == [None]


def test_who_reads_a_set_is_what_is_in_production() -> None:
    """A version that no alias points to is not counted, nor is the set itself."""
    old = version(1, provenance=Provenance(hour(1), "r", inputs=(reading("p", "1"),)))
    new = version(2, provenance=Provenance(hour(1), "s", inputs=(reading("p", "4"),)))
    plans = set_of(promoted(1, 2), versions=[old, new])
    idle = set_of(versions=[old])
    itself = set_of(promoted(1, 1), versions=[old])
    view = view_of(prices=itself, plans=plans, idle=idle)
    assert read_by(view, "prices") == [ReadBy("plans", 2, 4)]
    assert read_by(view, "plans") == []
