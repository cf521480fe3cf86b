"""Retention beside a slow reference: who stays, by every rule, at every moment."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from estimates.catalog.records import Alias, ContractRevision, Event, Version
from estimates.catalog.set_view import SetView
from estimates.contract.kept_files import Retention
from estimates.store.retention import let_go
from tests.builders import SET, START, contract, provenance

DAY = timedelta(days=1)
# What happens on a day: (kind, number), the number counted back from the newest version.
steps = st.lists(
    st.tuples(
        st.sampled_from(["publish", "publish", "good", "bad", "production", "canary", "nothing"]),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=60,
)
days = st.integers(1, 40)
rules = st.tuples(
    st.none() | st.integers(1, 8), st.none() | days, st.none() | days, st.integers(0, 50)
)


@given(steps, rules)
def test_who_stays_is_what_a_slow_reference_says(
    history: list[tuple[str, int]], given_rules: tuple[int | None, int | None, int | None, int]
) -> None:
    """A version goes when each given rule lets it go and nothing keeps it: asked day by day what
    was published, promoted and served.
    """
    count, age, served_age, later = given_rules
    if count is None and age is None:
        served_age = None  # the contract refuses it alone
    view = replayed(history, retention(count, age, served_age))
    now = START + (len(history) + later) * DAY + timedelta(hours=1)
    expected = [
        version.version
        for version in view.versions
        if not stays(version.version, history, count, age, served_age, now)
    ]
    assert [version.version for version in let_go(view, now)] == expected


def stays(
    number: int,
    history: list[tuple[str, int]],
    count: int | None,
    age: int | None,
    served_age: int | None,
    now: datetime,
) -> bool:
    """Whether a version stays, told by walking through the days."""
    published: list[datetime] = []
    verdicts: dict[int, bool] = {}
    pointed: dict[str, list[int]] = {"production": [], "canary": []}
    served_until: datetime | None = None  # the last moment at which production was this version
    for day, (kind, back) in enumerate(history):
        at = START + day * DAY
        if pointed["production"][-1:] == [number]:
            served_until = at
        if kind == "publish":
            published.append(at)
        target = len(published) - back
        if target < 1:
            continue
        if kind in ("good", "bad"):
            verdicts[target] = kind == "good"
        if kind in pointed:
            pointed[kind].append(target)
    if count is None and age is None:
        return True
    passing = [n for n, good in verdicts.items() if good]
    if number == len(published) or number == max(passing, default=0):
        return True
    for moves in pointed.values():
        last = list(dict.fromkeys(reversed(moves)))[:11]  # what it is, and ten before
        if number in last:
            return True
    if count is not None and number > len(published) - count:
        return True
    if age is not None and now - published[number - 1] <= age * DAY:
        return True
    return (
        served_age is not None
        and served_until is not None
        and now - served_until <= served_age * DAY
    )


def retention(count: int | None, age: int | None, served_age: int | None) -> Retention:
    """The rules as a contract has them."""
    lengths = [None if length is None else f"{length}d" for length in (age, served_age)]
    return Retention(count, *lengths)


def replayed(history: list[tuple[str, int]], rules: Retention) -> SetView:
    """The view of a set after a history, made from its events."""
    body = msgspec.json.encode(msgspec.structs.replace(contract(), retention=rules))
    revision = ContractRevision(SET, 1, 1, START, "test", msgspec.Raw(body), "")
    versions: list[Version] = []
    events: list[Event] = []
    aliases: dict[str, Alias] = {}
    for day, (kind, back) in enumerate(history):
        at, target = START + day * DAY, len(versions) - back
        if kind == "publish":
            number = len(versions) + 1
            versions.append(
                Version(SET, number, f"{number:064}", 1, 1, 6, at, provenance(f"run {number}"))
            )
        elif target < 1 or kind == "nothing":
            continue
        elif kind in ("good", "bad"):
            blocks = kind == "bad"
            events.append(Event(day + 1, at, SET, "judged", "test", target, blocks=blocks))
        else:
            events.append(Event(day + 1, at, SET, "promoted", "test", target, alias=kind))
            aliases[kind] = Alias(SET, kind, target, at)
    return SetView([revision], versions, events, aliases)


def test_what_production_served_stays_for_its_time() -> None:
    """A version that production left a day ago stays under `keep_promoted_for`, and goes when that
    has passed; one that was never promoted goes at once.
    """
    promotions = [step for _ in range(13) for step in (("publish", 0), ("production", 0))]
    view = replayed([("publish", 0), *promotions], retention(1, None, 30))
    last_served = view.spans[2][-1][1]
    assert last_served is not None
    numbers = [v.version for v in let_go(view, last_served + 29 * DAY)]
    assert numbers == [1]
    assert [v.version for v in let_go(view, last_served + 30 * DAY)] == [1]
    assert 2 in [v.version for v in let_go(view, last_served + 31 * DAY)]
