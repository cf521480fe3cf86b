"""Which keys a version had to have, by its domain and by what its data reach."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from estimates.catalog.records import Provenance, Version
from estimates.contract.contract_file import parse_contract
from estimates.keys.key_form import KeyForm
from estimates.reading.expected_keys import due_versions, expected_rows, is_expected

KEY = '[key.shop]\ntype = "string"\n[key.day]\ntype = "date"\ntarget = true\n[columns.value]\n'
DAYS = ("2026-11-03", "2026-11-04", "2026-11-05")


def version(day: int, *targets: str) -> Version:
    """A version whose data go through noon of a day in November."""
    noon = datetime(2026, 11, day, 12, tzinfo=UTC)
    return Version("s", 1, "0" * 64, 1, 1, 1, noon, Provenance(noon, "run", targets=targets))


def form(domain: str) -> KeyForm:
    """The keys of a contract with a domain."""
    return KeyForm(parse_contract(f'name = "s"\n{KEY}[domain]\n{domain}\n'))


def product() -> KeyForm:
    """Two shops, three days."""
    days: Any = list(DAYS)
    return form(
        f'kind = "product"\nvalues.shop = ["a", "b"]\nvalues.day = {days}'.replace("'", '"')
    )


def rolling() -> KeyForm:
    """Two shops, the next two days."""
    return form('kind = "rolling"\nsteps = 2\ncalendar = "daily"\nvalues.shop = ["a", "b"]')


def test_a_dated_target_is_expected_until_the_data_reach_it() -> None:
    """Of listed days those that lie ahead of the data; the rest have passed."""
    keys = product()
    assert [is_expected(keys, version(3), ["a", day]) for day in DAYS] == [False, True, True]
    assert expected_rows(keys, [version(3), version(4)]) == 2 * 2 + 2 * 1
    assert expected_rows(keys, [version(3)], ["a"]) == 2
    assert expected_rows(keys, [version(3)], ["c"]) == 0


def test_a_rolling_window_says_its_targets() -> None:
    """Listed shops, at the targets that the version was published with."""
    keys, published = rolling(), version(3, "2026-11-04", "2026-11-05")
    assert is_expected(keys, published, ["a", "2026-11-05"])
    assert not is_expected(keys, published, ["a", "2026-11-06"])
    assert not is_expected(keys, published, ["c", "2026-11-05"])
    assert expected_rows(keys, [published]) == 4


def test_an_open_domain_lists_nothing() -> None:
    """How many rows there had to be is unknown; a key that lies ahead is expected."""
    keys = form('kind = "open"')
    assert expected_rows(keys, [version(3)]) is None
    assert is_expected(keys, version(3), ["any", "2026-11-04"])


def test_in_an_open_domain_a_key_is_due_from_its_first_version_on() -> None:
    """Versions before it could not have it, those whose data reach it must not."""
    keys = form('kind = "open"')
    versions = [msgspec.structs.replace(version(day), version=day) for day in (1, 2, 3, 4, 5)]
    assert due_versions(keys, versions, ["any", "2026-11-05"], {2, 4}) == {2, 3, 4}
    assert due_versions(keys, versions, ["any", "2026-11-05"], set()) == set()
    assert due_versions(product(), versions, ["a", "2026-11-05"], {2}) == {1, 2, 3, 4}
