"""Search keys sort as values do."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates.keys.key_form import KeyForm

TEXT = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=6
)
PARTS: dict[str, st.SearchStrategy[Any]] = {
    "string": TEXT,
    "integer": st.integers(-(2**63), 2**63 - 1),
    "date": st.dates(),
    "timestamp": st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(
        lambda moment: moment.replace(tzinfo=UTC)
    ),
}


def form_of(*kinds: str) -> KeyForm:
    """The form of keys with columns of these types."""
    keys = "".join(f'[key.k{i}]\ntype = "{kind}"\n' for i, kind in enumerate(kinds))
    return KeyForm(parse_contract(f'name = "t"\n{keys}[columns.value]\n'))


@given(st.data(), st.lists(st.sampled_from(sorted(PARTS)), min_size=1, max_size=3))
def test_bytes_sort_like_values(data: st.DataObject, kinds: list[str]) -> None:
    """Keys in the order of their search keys are in the order of their values."""
    form = form_of(*kinds)
    keys = data.draw(st.lists(st.tuples(*(PARTS[kind] for kind in kinds)), max_size=20))
    plain = sorted(keys, key=lambda key: [p.encode() if isinstance(p, str) else p for p in key])
    assert sorted(keys, key=lambda key: form.search(key)[0]) == plain


@given(st.data(), st.lists(st.sampled_from(sorted(PARTS)), min_size=1, max_size=3))
def test_text_and_values_are_the_same_key(data: st.DataObject, kinds: list[str]) -> None:
    """A key as text, as in a URL, is searched as its typed values; many at once as each alone."""
    form = form_of(*kinds)
    keys = data.draw(st.lists(st.tuples(*(PARTS[kind] for kind in kinds)), max_size=10))
    assert [form.search(form.texts(key)) for key in keys] == [form.search(key) for key in keys]
    assert [*form.search_many(keys)] == [form.search(key) for key in keys]


def test_the_search_key_of_a_leading_part_begins_those_below_it() -> None:
    """What is under a leading part has its bytes in front, and its neighbour has not."""
    form = form_of("string", "integer")
    part, _ = form.search(["a"], partial=True)
    assert form.search(["a", 7])[0].startswith(part)
    assert not form.search(["ab", 7])[0].startswith(part)


def test_a_date_in_a_url() -> None:
    """A date is its ISO text, and text that is no date is `bad_key_part`."""
    form = form_of("date")
    assert form.texts([date(2026, 11, 24)]) == form.texts(["2026-11-24"]) == ["2026-11-24"]
    with pytest.raises(InvalidError) as error:
        form.texts(["24.11.2026"])
    assert error.value.code == "bad_key_part"


def test_an_instant_has_one_text() -> None:
    """Another offset or unneeded digits name the same key."""
    form = form_of("timestamp")
    texts = ["2026-11-24T17:00:00+01:00", "2026-11-24T16:00:00.000Z"]
    assert {form.texts([text])[0] for text in texts} == {"2026-11-24T16:00:00Z"}


@pytest.mark.parametrize("key", [[], ["a", "1", "2"]])
def test_too_few_or_many_parts(key: list[str]) -> None:
    """A key with another number of parts is `key_parts`."""
    with pytest.raises(InvalidError) as error:
        form_of("string", "integer").texts(key)
    assert error.value.code == "key_parts"
