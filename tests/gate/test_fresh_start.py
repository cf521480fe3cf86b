"""Versions that are compared with nothing: after a gap, and with a season."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.contract_file import parse_contract
from estimates.contract.gate_policy import GatePolicy
from estimates.errors import InvalidError
from estimates.gate.fresh_start import fresh_start
from estimates.store.store import Store
from tests.builders import SET, define, publish, source

MAY = datetime(2026, 5, 2, tzinfo=UTC)
OCTOBER = datetime(2026, 10, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("policy", "published", "reason"),
    [
        (GatePolicy(), [], None),
        (GatePolicy(longest_gap="5w"), [], "after_gap"),
        (GatePolicy(longest_gap="30w"), [], None),
        # nobody was silent: versions were refused, and that is no gap
        (GatePolicy(longest_gap="5w"), [MAY + timedelta(weeks=4 * i) for i in range(6)], None),
        (GatePolicy(longest_gap="5w"), [OCTOBER - timedelta(days=1)], "after_gap"),
        (GatePolicy(seasons=("10-01",)), [], "new_season"),
        (GatePolicy(seasons=("03-01", "10-04")), [], None),
        (GatePolicy(seasons=("03-01", "09-15")), [], "new_season"),
    ],
)
def test_when_a_version_starts_anew(
    policy: GatePolicy, published: list[datetime], reason: str | None
) -> None:
    """After a time in which nobody published, or with the first day of a season."""
    assert fresh_start(policy, MAY, OCTOBER, published) == reason


INSTANTS = st.datetimes(datetime(2023, 12, 1), datetime(2026, 1, 31), timezones=st.just(UTC))


@given(
    st.lists(INSTANTS, min_size=2, max_size=9),
    st.lists(st.sampled_from(["01-01", "02-28", "03-01", "10-01", "12-31"]), max_size=2),
    st.sampled_from([None, "1d", "5w", "400d"]),
)
def test_it_is_what_a_walk_through_all_days_says(
    ends: list[datetime], seasons: list[str], gap: str | None
) -> None:
    """A season starts where one of the days after the old data's, through the new data's, is its
    first; a gap is a step from one end of data to the next that is longer.
    """
    before, now, *published = ends
    policy = GatePolicy(longest_gap=gap, seasons=tuple(seasons))
    wanted = None
    day = before.date()
    while day < now.date():
        day += timedelta(days=1)
        wanted = "new_season" if f"{day:%m-%d}" in seasons else wanted
    at, longest = (
        before,
        timedelta(days=int(gap[:-1]) * (7 if gap[-1] == "w" else 1)) if gap else None,
    )
    for end in sorted([*published, now]):
        if before < end <= now:
            wanted = "after_gap" if longest is not None and end - at > longest else wanted
            at = end
    assert fresh_start(policy, before, now, published) == wanted


def test_the_same_moment_starts_nothing() -> None:
    """A second submission belongs to the season of the first."""
    policy = GatePolicy(longest_gap="1d", seasons=("10-03",))
    assert fresh_start(policy, OCTOBER, OCTOBER, [OCTOBER]) is None
    assert fresh_start(policy, OCTOBER, MAY, []) is None


@pytest.mark.parametrize("line", ['seasons = ["02-29"]', 'seasons = ["1-10"]', 'longest_gap = "x"'])
def test_a_season_is_a_day_of_every_year(line: str) -> None:
    """A day that not every year has, and a gap that is no duration, are refused."""
    with pytest.raises(InvalidError) as refused:
        parse_contract(source(more=f"[gate]\n{line}\n"))
    assert refused.value.code == "bad_contract"


def test_a_season_starts_without_a_waiver(local_store: Store) -> None:
    """The verdict and the promotion say that it was compared with nothing, and why."""
    define(local_store, more='[gate]\nlongest_gap = "2d"\n')
    first = publish(local_store, "monday", day=0).version
    local_store.promote(SET, first, reason="the first")
    later = publish(local_store, "friday", day=4).version
    verdict = local_store.judge(SET, later)
    assert verdict.starts_anew == "after_gap"
    assert (verdict.blocks, verdict.baseline) == (False, None)
    event = local_store.promote(SET, later, reason="a new season")
    assert event.details["starts_anew"] == "after_gap"
