"""Reading at its edges: zeroed files, foreign cursors, why a key is absent, long histories, clocks
that disagree.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from estimates import instants
from estimates.catalog.at import At
from estimates.catalog.records import Alias, ContractRevision, Event, LogHead, Provenance, Version
from estimates.catalog.set_view import SetView
from estimates.catalog.view import View
from estimates.contract.contract_file import parse_contract
from estimates.errors import CorruptError, EstimatesError, InvalidError, NotFoundError
from estimates.keys.key_form import KeyForm
from estimates.keys.search_keys import SearchKeys
from estimates.lookup.parted_lookup import Lookup
from estimates.lookup.read_file import ReadFile
from estimates.lookup.read_file_layout import ROWS_AT
from estimates.reading.reader import Reader
from estimates.reading.version_reader import LOOK_BACK, Files
from estimates.store.store import Store
from tests.builders import SET, TARGETS, TICKERS, code_of, contract, define, promoted, provenance
from tests.lookup.read_files import ID, built, contract_of, search, tables
from tests.reading.rolling_set import ROLLING, publish_day

START = datetime(2024, 1, 1, tzinfo=UTC)
OPEN = """\
name = "open"
[key.name]
type = "string"
[columns.value]
[gate]
profile = "exploratory"
"""


# -- the read file
# --------------------------------------------------------------------------------------------------


def damaged_or(ask: Callable[[], Any], expected: Any) -> bool:
    """Whether a question ends in `lookup_damaged`; if not, its answer must be the right one."""
    try:
        answer = ask()
    except CorruptError as error:
        assert error.code == "lookup_damaged"  # noqa: PT017
        return True
    assert answer == expected
    return False


@pytest.mark.parametrize("size", [8, 64, 1024, 4096])
def test_zeroed_parts_of_a_read_file_are_damage(size: int) -> None:
    """Wherever a part of the file reads as zeros: each lookup ends in CorruptError or in the right
    answer.
    """
    table = {(i,): (i / 7, None) for i in range(200)}
    contract_ = contract_of(("integer",))
    with built(contract_, table) as whole:
        content = Path(whole.path).read_bytes()
        questions = [search(contract_, key) for key in [*range(0, 200, 17), -1]]
        expected = [whole.get(question) for question in questions]
        for at in range(0, len(content), max(size // 2, 16)):
            Path(whole.path).write_bytes(
                content[:at] + bytes(len(content[at : at + size])) + content[at + size :]
            )
            try:
                damaged = ReadFile(whole.path, ID)
            except CorruptError:
                continue
            for question, answer in zip(questions, expected, strict=True):
                damaged_or(lambda q=question, f=damaged: f.get(q), answer)
            damaged_or(lambda f=damaged: f.get_many(SearchKeys.of(questions)), expected)


def test_zeroed_offsets_and_checksums_are_damage() -> None:
    """Rows, offsets and checksums that all read as zeros are damage, not a file without keys."""
    contract_ = contract_of(("integer",))
    with built(contract_, {(i,): (1.0, None) for i in range(20)}) as whole:
        header, content = whole.header, Path(whole.path).read_bytes()
        end = header.groups.checksums_at + 4 * (header.groups.count + 1)
        Path(whole.path).write_bytes(content[:ROWS_AT] + bytes(end - ROWS_AT) + content[end:])
        damaged = ReadFile(whole.path, ID)
        asks: list[Callable[[], Any]] = [
            lambda: damaged.get(search(contract_, 3)),
            lambda: damaged.find(search(contract_, 3)),
            lambda: damaged.read(range(20)),
            lambda: damaged.get_many(SearchKeys.of([search(contract_, 3)])),
            lambda: damaged.get_near(search(contract_, 3), 0),
            lambda: damaged.get(search(contract_, 77)),
        ]
        assert [code_of(ask) for ask in asks] == ["lookup_damaged"] * 6


@given(tables(), st.randoms(use_true_random=False))
def test_many_keys_are_found_as_one_is(
    made: tuple[Any, dict[tuple[Any, ...], Any]], random: Any
) -> None:
    """A batch gives what single lookups give: in key order, shuffled, with repeated and absent
    keys; near ones too.
    """
    contract_, table = made
    with built(contract_, table) as file:
        ordered = sorted(search(contract_, *key) for key in table)
        strings = contract_of(("string",) * len(contract_.key))
        absent = [search(strings, *("ÿ" + "!" * i for _ in contract_.key)) for i in (0, 99)]
        keys = [*ordered, *ordered[:2], *absent, search(strings, *"!!!"[: len(contract_.key)])]
        shuffled = random.sample(keys, len(keys))
        for requested in (keys, shuffled, ordered[::2], ordered[::-1]):
            expected = [file.get(key) for key in requested]
            assert file.get_many(SearchKeys.of(requested)) == expected
            for near in (0, 1, random.randrange(1000)):
                assert [file.get_near(key, near)[0] for key in requested] == expected


# -- keys
# --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "part", "expected"),
    [
        ("string", "a", "a"),
        ("string", "Ø", "Ø"),
        ("integer", 5, "5"),
        ("integer", "-0", "0"),
        ("integer", "007", "7"),
        ("integer", -(2**63), "-9223372036854775808"),
        ("integer", 2**63, None),
        ("integer", "9223372036854775808", None),
        ("integer", "9223372036854775807", "9223372036854775807"),
        ("integer", "+1", None),
        ("integer", "٣", None),
        ("integer", "1\n", None),
        ("integer", True, None),
        ("date", date(2024, 6, 3), "2024-06-03"),
        ("date", "2024-06-03", "2024-06-03"),
        ("date", "20240603", None),
        ("date", "2024-W01-1", None),
        ("date", "２０２４-06-03", None),
        ("date", datetime(2024, 6, 3, tzinfo=UTC), None),
        ("timestamp", "2024-06-03T02:00:00+02:00", "2024-06-03T00:00:00Z"),
    ],
)
def test_one_text_for_a_part(kind: str, part: Any, expected: str | None) -> None:
    """Each key part has one text form; what is no value of the column's type is refused."""
    form = KeyForm(contract_of((kind,)))
    if expected is None:
        assert code_of(lambda: form.texts([part])) == "bad_key_part"
    else:
        assert form.texts([part]) == [expected]


def test_a_cursor_belongs_to_its_set_and_content(local_store: Store) -> None:
    """A cursor of one set is refused for another one, also at the same version number and the same
    leading part.
    """
    for name in ("one", "other"):
        define(local_store, name)
        promoted(local_store, f"{name} 1", 100.0 if name == "one" else 101.0, name=name)
    cursor = local_store["one"].scan("AAPL", limit=1).cursor
    assert cursor is not None
    assert (
        code_of(lambda: local_store["other"].scan("AAPL", limit=1, cursor=cursor)) == "bad_cursor"
    )
    assert len(local_store["one"].scan("AAPL", limit=1, cursor=cursor).body["estimates"]) == 1


def test_a_cursor_is_refused_by_a_set_of_equal_content(local_store: Store) -> None:
    """Two sets with the very same rows do not take each other's cursors."""
    for name in ("one", "other"):
        define(local_store, name)
        promoted(local_store, f"{name} 1", name=name)
    assert local_store.resolve("one").snapshot_id == local_store.resolve("other").snapshot_id
    cursor = local_store["one"].scan(limit=1).cursor
    assert code_of(lambda: local_store["other"].scan(limit=1, cursor=cursor)) == "bad_cursor"


# -- why a key is absent
# -----------------------------------------------------------------------------------------------


def test_a_key_that_never_was_is_outside_whatever_its_date(local_store: Store) -> None:
    """In a rolling set only keys that the domain lists are elapsed; one that it never listed is
    outside.
    """
    local_store.define(parse_contract(ROLLING), ROLLING)
    publish_day(local_store, 10, {"A": 1.0, "B": 2.0, "C": 3.0})
    publish_day(local_store, 11, {"A": 1.1})
    rolling = local_store["rolling"]
    requested = [
        ("NOPE", "2023-01-01"),
        ("A", "2023-01-01"),
        ("C", "2024-01-12"),
        ("NOPE", "2024-01-12"),
    ]
    results = [result["status"] for result in rolling.get_many(requested).body["results"]]
    assert results == ["outside_domain", "elapsed", "removed", "outside_domain"]
    with pytest.raises(NotFoundError, match="ticker 'NOPE' is none of the 3 that") as e:
        rolling.get("NOPE", "2023-01-01")
    assert e.value.code == "outside_domain"


def test_a_ticker_that_left_the_domain_is_removed(local_store: Store) -> None:
    """A key of an earlier contract's domain, whose date has passed since, is removed and not
    outside.
    """
    local_store.define(parse_contract(ROLLING), ROLLING)
    publish_day(local_store, 10, {"A": 1.0, "B": 2.0, "C": 3.0})
    smaller = ROLLING.replace('"A", "B", "C"', '"A", "B"')
    local_store.define(parse_contract(smaller), smaller)
    publish_day(local_store, 11, {"A": 1.1})
    assert code_of(lambda: local_store["rolling"].get("C", "2024-01-11")) == "removed"
    assert code_of(lambda: local_store["rolling"].get("B", "2024-01-11")) == "elapsed"


def open_set(store: Store, versions: int) -> None:
    """Promoted versions 1 … n of an open set; version n has the keys `always` and `only n`."""
    store.define(parse_contract(OPEN), OPEN)
    for number in range(1, versions + 1):
        rows = pl.DataFrame({"name": ["always", f"only {number}"], "value": [1.0, float(number)]})
        made = store.publish("open", rows, provenance(f"run {number}", number))
        store.promote("open", made.version, reason="test")


def test_removed_is_told_of_the_last_ten_snapshots(local_store: Store) -> None:
    """A key of one of the ten snapshots that production held before is removed; of an older one,
    outside.
    """
    last = LOOK_BACK + 3
    open_set(local_store, last)
    requested = [(f"only {number}",) for number in range(1, last + 1)]
    results = local_store["open"].get_many(requested).body["results"]
    statuses = [(result["status"], result.get("last_version")) for result in results]
    outside: list[tuple[str, int | None]] = [("outside_domain", None)] * 2
    removed: list[tuple[str, int | None]] = [("removed", number) for number in range(3, last)]
    assert statuses == [*outside, *removed, ("ok", None)]
    for key, (status, _) in zip(requested, statuses, strict=True):
        assert code_of(lambda k=key: local_store["open"].get(*k)) == (
            None if status == "ok" else status
        )


def test_a_batch_of_misses_opens_each_version_once(local_store: Store) -> None:
    """However many keys are absent, a batch reads its version and at most ten earlier ones, each
    once.
    """
    open_set(local_store, LOOK_BACK + 3)
    opened: list[int] = []

    def opens(version: Version) -> Lookup:
        opened.append(version.version)
        return local_store.lookups.open(version)

    view, lookups = local_store.view(), local_store.lookups
    files = Files(opens, lookups.discard, lambda *_: False, local_store.rows)
    reader = Reader(view, files, lookups.opened)
    reader.of(view.resolve("open")).get_many([(f"never {i}",) for i in range(50)])
    assert opened == list(range(LOOK_BACK + 3, 2, -1))


# -- what names mean
# --------------------------------------------------------------------------------------------------


def made_view(events: list[tuple[str, int, bool]], count: int, clock: datetime = START) -> View:
    """A view of one set: each event (kind, version, blocks) a minute after the last; odd versions
    have shape 1.
    """
    at = [clock + timedelta(minutes=i) for i in range(len(events) + 1)]
    expired = {
        number: at[i]
        for i, (kind, number, _) in reversed(list(enumerate(events)))
        if kind == "expired"
    }
    versions = [
        Version(
            SET,
            n,
            f"{n // 3:064}",
            n % 2,
            1,
            6,
            clock,
            Provenance(clock, f"run {n}"),
            None,
            expired.get(n),
        )
        for n in range(1, count + 1)
    ]
    log = [
        Event(
            i,
            at[i],
            SET,
            kind,
            "test",
            number,
            "production" if kind == "promoted" else None,
            blocks=blocks,
        )  # type: ignore[arg-type]
        for i, (kind, number, blocks) in enumerate(events)
    ]
    promotions = [event for event in log if event.kind == "promoted"]
    aliases = {
        e.alias: Alias(SET, e.alias, e.version or 0, e.at) for e in promotions[-1:] if e.alias
    }
    revision = ContractRevision(
        SET, 1, 1, clock, "test", msgspec.Raw(msgspec.json.encode(contract())), ""
    )
    sets = {SET: SetView([revision], versions, log, aliases)}
    return View(sets, at[len(events) - 1], clock, LogHead("", len(events), ""))


COUNT = 6
logs = st.lists(
    st.tuples(
        st.sampled_from(["judged", "judged", "promoted", "expired"]),
        st.integers(1, COUNT),
        st.booleans(),
    ),
    min_size=1,
    max_size=25,
)


@given(logs)
@example([("judged", 3, False), ("judged", 2, False), ("judged", 3, True), ("expired", 2, False)])
@example([("promoted", 1, False), ("promoted", 2, False), ("promoted", 1, False)])
def test_names_mean_what_the_log_says(events: list[tuple[str, int, bool]]) -> None:
    """At every moment, for every shape: what an alias and `latest` name, as read off the log from
    its beginning.
    """
    view = made_view(events, COUNT)
    times = [event.at for event in view.set(SET).events]
    for shape in (None, 0, 1):
        fits = [n for n in range(1, COUNT + 1) if shape in (None, n % 2)]
        for i in range(len(events)):
            passing: set[int] = set()
            gone: set[int] = set()
            pointed = None
            for kind, number, blocks in events[: i + 1]:
                if kind == "judged":
                    (passing.discard if blocks else passing.add)(number)
                elif kind == "expired":
                    gone.add(number)
                elif number in fits:
                    pointed = number
            newest = max((passing - gone) & set(fits), default=None)
            moments = [times[i], None] if i == len(events) - 1 else [times[i]]
            for moment in moments:
                assert named(view, "latest", moment, shape) == newest
                assert named(view, "production", moment, shape) == pointed


def named(view: View, ref: str, as_of: datetime | None, shape: int | None) -> int | None:
    """The number that a ref resolves to, or None."""
    try:
        return view.resolve(SET, At(ref, as_of, shape=shape)).version
    except EstimatesError as error:
        assert error.code in ("nothing_promoted", "before_first")  # noqa: PT017
        return None


@given(logs)
def test_spans_and_predecessors_are_those_of_the_log(events: list[tuple[str, int, bool]]) -> None:
    """Spans are from each move to the next; predecessors are earlier production versions, one a
    snapshot.
    """
    view = made_view(events, COUNT)
    of_set = view.set(SET)
    moves = [(event.at, event.version) for event in of_set.events if event.kind == "promoted"]
    ends = [at for at, _ in moves[1:]] + [None]
    for version in of_set.versions:
        spans = [
            (at, end)
            for (at, number), end in zip(moves, ends, strict=False)
            if number == version.version
        ]
        assert view.set(SET).spans.get(version.version, []) == spans
        holdings = sorted(
            {number for _, number in moves if number and number < version.version}, reverse=True
        )
        before = [of_set.versions[number - 1] for number in holdings]
        before = [v for v in before if v.shape == version.shape and v.expired_at is None]
        snapshots = list(dict.fromkeys(v.snapshot_id for v in before))
        for count in (1, 2, 10):
            expected = [
                next(v for v in before if v.snapshot_id == snapshot)
                for snapshot in snapshots[:count]
            ]
            assert of_set.predecessors(version, count) == expected


def test_latest_skips_what_expired(local_store: Store) -> None:
    """`latest` is the newest passing version that still has its files; at an earlier moment it is
    what it was then.
    """
    define(local_store)
    for day in range(2):
        promoted(local_store, f"run {day}", 100 + day / 10, day=day)
    local_store.rollback(SET, reason="test")
    before = local_store.view().moment
    local_store.catalog.expire(local_store.resolve(SET, 2), actor="test", reason="test")
    assert local_store[SET].resolve("latest").version == 1
    assert local_store[SET].get(TICKERS[0], TARGETS[0], ref="latest").body["version"] == 1
    assert local_store[SET].resolve("latest", local_store.view().moment).version == 1
    assert local_store[SET].resolve("latest", before).version == 2
    assert (
        code_of(lambda: local_store[SET].get(TICKERS[0], TARGETS[0], ref="latest", as_of=before))
        == "expired"
    )


def test_before_the_first_says_so_only_before_the_first(local_store: Store) -> None:
    """After `latest` named something and then nothing, the error does not send anybody to an
    earlier time.
    """
    define(local_store)
    promoted(local_store, "run", 100.0)
    define(local_store, maximum=50.0)
    local_store.judge(SET, 1)
    moment = local_store.view().moment
    assert code_of(lambda: local_store.resolve(SET, "latest", moment)) == "nothing_promoted"


def test_a_clock_behind_the_log(local_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a writer's clock was ahead: the present is the newest event, every moment told stays as
    it was.
    """
    define(local_store)
    clock = instants.now()
    monkeypatch.setattr(instants, "now", lambda: clock + timedelta(hours=1))
    promoted(local_store, "first", 100.0)
    first = local_store.view()
    promoted(local_store, "second", 100.1, day=1)
    monkeypatch.setattr(instants, "now", lambda: clock)
    view = local_store.view()
    assert view.present == view.moment > clock
    for ref in ("production", "latest"):
        assert view.resolve(SET, At(ref, view.present)) == view.resolve(SET, At(ref))
        assert view.resolve(SET, At(ref, first.moment)).version == 1
        assert (
            code_of(lambda r=ref: view.resolve(SET, At(r, view.present + timedelta(seconds=1))))
            == "as_of_in_future"
        )
        with pytest.raises(EstimatesError) as caught:
            view.resolve(SET, At(ref, clock))
        assert caught.value.code == "before_first"


def test_the_present_is_now_where_clocks_agree(local_store: Store) -> None:
    """With a clock that is not behind the log, as_of=now is no as_of, and a second later is the
    future.
    """
    define(local_store)
    promoted(local_store, "run")
    view, now = local_store.view(), instants.now()
    assert now <= view.present
    assert view.resolve(SET, At(as_of=now)) == view.resolve(SET)
    with pytest.raises(InvalidError):
        view.resolve(SET, At(as_of=instants.now() + timedelta(minutes=1)))


# -- history
# --------------------------------------------------------------------------------------------------


def test_history_says_the_same_when_asked_again(local_store: Store) -> None:
    """What is kept for the next reading is right: the same bytes again, and other ones after
    something happened.
    """
    define(local_store)
    promoted(local_store, "first", 100.0)
    promoted(local_store, "second", 100.1, day=1)
    reader = local_store.reader()
    once = reader.history(SET, ("AAPL", TARGETS[0])).json
    assert reader.history(SET, ("AAPL", TARGETS[0])).json == once
    assert local_store[SET].history("AAPL", TARGETS[0]).json == once
    local_store.rollback(SET, reason="test")
    entries = local_store[SET].history("AAPL", TARGETS[0]).body["history"]
    assert [entry["state"] for entry in entries] == ["production", "rolled_back"]
    assert reader.history(SET, ("AAPL", TARGETS[0])).json == once
