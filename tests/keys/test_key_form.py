"""Keys under one contract: one text for each part, whatever form it is given in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates.keys.key_form import KeyForm

KEYS = """
name = "t"
[key.shop]
type = "string"
[key.number]
type = "integer"
[key.day]
type = "date"
[columns.sold]
"""
ROLLING = """
name = "r"
[key.shop]
type = "string"
[key.at]
type = "timestamp"
target = true
[columns.sold]
[domain]
kind = "rolling"
steps = 1
calendar = "days"
values = { shop = ["north", "south"] }
"""
KEY = ("north", 7, date(2024, 6, 3))


@pytest.fixture
def form() -> KeyForm:
    """Keys of a text, a whole number and a day."""
    return KeyForm(parse_contract(KEYS))


def test_typed_parts_and_text_are_the_same_key(form: KeyForm) -> None:
    """A key is given as values or as text; its text is one."""
    assert form.names == ["shop", "number", "day"]
    assert (
        form.texts(KEY) == form.texts(("north", "7", "2024-06-03")) == ["north", "7", "2024-06-03"]
    )
    assert form.search(KEY) == form.search(("north", "7", "2024-06-03"))


def test_one_moment_has_one_text() -> None:
    """Another offset names the same timestamp; one without a time zone names none."""
    form = KeyForm(parse_contract(ROLLING))
    noon = datetime(2024, 6, 3, 12, tzinfo=UTC)
    elsewhere = noon.astimezone(timezone(timedelta(hours=9)))
    assert form.texts(("north", noon)) == form.texts(("north", elsewhere))
    assert form.texts(("north", noon)) == ["north", "2024-06-03T12:00:00Z"]
    with pytest.raises(InvalidError, match="no time zone"):
        form.texts(("north", datetime(2024, 6, 3)))


def test_the_opening_is_how_the_row_begins(form: KeyForm) -> None:
    """Beside what sorts, a search key has the line's JSON up to where the estimates begin."""
    _, opening = form.search(KEY)
    assert opening == b'\n{"shop":"north","number":7,"day":"2024-06-03",'
    _, opening = form.search(("nörd", 7), partial=True)
    assert opening == '\n{"shop":"nörd","number":7,'.encode()


def test_search_keys_sort_as_keys_do(form: KeyForm) -> None:
    """Numbers sort as numbers, below zero too, and a leading part before what it leads."""
    numbers = (-100, -2, 0, 3, 20, 100)
    searches = [form.search(("a", number, "2024-06-03"))[0] for number in numbers]
    assert searches == sorted(searches)
    assert form.search(("a",), partial=True)[0] < searches[0]


def test_many_are_searched_as_each_is(form: KeyForm) -> None:
    """`search_many` gives what `search` gives for each, plain keys and others."""
    days = ("2024-06-03", date(2024, 6, 4))
    keys = [(shop, number, day) for shop in ("a", "\u00c6") for number in (1, -1) for day in days]
    assert [*form.search_many(keys)] == [form.search(key) for key in keys]


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (("north", 7), "key_parts"),
        ((*KEY, "more"), "key_parts"),
        (("north", "seven", "2024-06-03"), "bad_key_part"),
        (("north", True, "2024-06-03"), "bad_key_part"),
        (("north", 7, "2024-06-31"), "bad_key_part"),
        ((None, 7, "2024-06-03"), "bad_key_part"),
    ],
)
def test_what_is_no_key(form: KeyForm, key: tuple[object, ...], code: str) -> None:
    """Too few parts, too many, and parts of another type are errors."""
    with pytest.raises(InvalidError) as caught:
        form.texts(key)
    assert caught.value.code == code


def test_listed_values_and_targets() -> None:
    """A rolling domain lists its values; the target of a key is a text and a moment."""
    form = KeyForm(parse_contract(ROLLING))
    at = "2024-06-03T12:00:00Z"
    assert form.is_listed(["north", at])
    assert not form.is_listed(["east", at])
    assert form.target(["north", at]) == (at, datetime(2024, 6, 3, 12, tzinfo=UTC))
