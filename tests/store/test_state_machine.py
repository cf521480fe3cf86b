"""A Hypothesis state machine beside a plain model of the store; the model knows nothing of how the
store works.
"""

from __future__ import annotations

import itertools
import math
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from estimates import instants
from estimates.catalog import clock
from estimates.catalog.at import At
from estimates.contract.contract_file import parse_contract
from estimates.errors import EstimatesError, GateError
from estimates.store.erase import erase
from estimates.store.store import Store
from estimates.store.sweep import sweep
from tests.builders import TARGETS, TICKERS, frame, make_store, provenance, source
from tests.conftest import PostgreSQL
from tests.examples import examples
from tests.invariants import Answers, check_all
from tests.s3_server import S3Server
from tests.store.store_model import ALIASES, JUMP, LEVELS, MAXIMA, REFS, SETS, Set, Version

EXTRA = '[columns.extra]\nunit = "USD"\n'
# One set and one alias see most of what happens, so that histories grow long; the others show what
# leaks.
names = st.sampled_from((*SETS[:1] * 4, SETS[1]))
aliases = st.sampled_from((*ALIASES[:1] * 3, ALIASES[1]))
levels = st.sampled_from((*LEVELS[:3] * 2, LEVELS[3]))
# How far back from the newest version; a twentieth asks for one that does not exist.
ages = st.integers(-1, 18)


class StoreMachine(RuleBasedStateMachine):
    """Two open stores, as two processes have them, against the model."""

    def __init__(self, new_store: Callable[[], tuple[Store, Callable[[], Store]]]) -> None:
        super().__init__()
        self.store, self.open = new_store()
        self.stores = [self.store, self.open()]
        self.model = {name: Set() for name in SETS}
        self.past: list[tuple[datetime, dict[tuple[str, str], int | None]]] = []
        self.answers: Answers = {}
        self.runs = 0
        self.clock, self.offset = instants.now, timedelta()
        instants.now = lambda: self.clock() + self.offset
        # PostgreSQL's clock is right all the time.
        self.agreement, clock.AGREEMENT = clock.AGREEMENT, timedelta(days=5)

    def teardown(self) -> None:
        """Everything that must hold at the end; then give the clock back."""
        instants.now, clock.AGREEMENT = self.clock, self.agreement
        if hasattr(self, "model") and all(of_set.contracts for of_set in self.model.values()):
            self.answers = check_all(self.store, self.answers)
        for store in {id(store): store for store in [self.store, *self.stores]}.values():
            store.catalog.engine.dispose()

    @initialize(maximum=st.sampled_from(MAXIMA), early=levels, history=st.lists(levels, max_size=4))
    def first_versions(self, maximum: float, early: float, history: list[float]) -> None:
        """Both sets have a contract, one has versions, the first of them judged with nothing to
        compare with.
        """
        for name in SETS:
            self.define(name, maximum, False)
        self.publish(SETS[0], early, 0)
        self.judge(SETS[0], 0)
        for level in history:
            self.release(SETS[0], level, 0, False)

    @rule(
        name=names,
        maximum=st.sampled_from(MAXIMA),
        wide=st.sampled_from((False, False, False, True)),
    )
    def define(self, name: str, maximum: float, wide: bool) -> None:
        """A contract in force again is the same revision; another one is a new revision, its shape
        known or new.
        """
        model = self.model[name]
        if not model.contracts or model.contracts[-1] != (maximum, wide):
            model.contracts.append((maximum, wide))
        text = source(name, maximum=maximum, more=EXTRA if wide else "")
        revision = self.store.define(parse_contract(text), text)
        assert revision.revision == len(model.contracts)
        assert revision.shape == (1 if wide == model.contracts[0][1] else 2)

    @rule(name=names, level=levels, day=st.integers(0, 3))
    def publish(self, name: str, level: float, day: int) -> None:
        """A frame becomes the next version."""
        self.runs += 1
        model, run_id = self.model[name], f"run-{self.runs}"
        model.versions.append(Version(run_id, model.content(level), day))
        version = self.store.publish(name, self.frame(name, level), provenance(run_id, day))
        assert version.version == len(model.versions)

    @rule(name=names, age=ages, level=levels)
    def publish_again(self, name: str, age: int, level: float) -> None:
        """The run_id of an earlier run gives its version back, or is refused with other content."""
        model = self.model[name]
        number = model.number(age)
        if number > len(model.versions):
            return
        before = model.versions[number - 1]
        same = model.content(level) == before.content
        code, version = self.attempt(
            lambda: self.store.publish(
                name, self.frame(name, level), provenance(before.run_id, before.day)
            )
        )
        assert code == (None if same else "run_id_reused")
        assert version is None or version.version == number

    @rule(
        name=names,
        kind=st.sampled_from(("not_finite", "duplicate_key", "null_key", "columns", "bad_key")),
    )
    def publish_rejected(self, name: str, kind: str) -> None:
        """What could not be read back by key is no version."""
        code, _ = self.attempt(
            lambda: self.store.publish(name, self.broken(name, kind), provenance("rejected"))
        )
        assert code == kind

    @rule(name=names, age=ages)
    def judge(self, name: str, age: int) -> None:
        """A verdict blocks for bounds, another shape, or too much movement."""
        model = self.model[name]
        number = model.number(age)
        code, verdict = self.attempt(lambda: self.store.judge(name, number))
        if number > len(model.versions):
            assert code == "unknown_version"
        elif model.versions[number - 1].expired:
            assert code == "expired"
        else:
            assert verdict is not None
            assert verdict.blocks == model.judge(number, self.store.view().present), (
                verdict.failing()
            )

    @rule(name=names, age=ages, automatic=st.booleans(), alias=aliases, new_shape=st.booleans())
    def promote(self, name: str, age: int, automatic: bool, alias: str, new_shape: bool) -> None:
        """An alias moves when no rule and no verdict is against it."""
        model = self.model[name]
        number = model.number(age)
        reason = None if automatic else "because"
        code, event = self.attempt(
            lambda: self.store.promote(
                name, number, reason=reason, automatic=automatic, alias=alias, new_shape=new_shape
            )
        )
        if number > len(model.versions):
            assert code == "unknown_version"
            return
        refusals = model.promotion_refusals(number, alias, automatic, new_shape)
        if refusals:
            assert code in refusals
        else:
            assert code == (
                "blocked" if model.promote(number, alias, self.store.view().present) else None
            )
            assert event is None or (event.version, event.alias, event.automatic) == (
                number,
                alias,
                automatic,
            )

    @rule(name=names, level=levels, day=st.integers(0, 3), automatic=st.booleans())
    def release(self, name: str, level: float, day: int, automatic: bool) -> None:
        """What a run does: publish, judge, promote."""
        self.publish(name, level, day)
        self.judge(name, 0)
        self.promote(name, 0, automatic, "production", False)

    @rule(name=names, maximum=st.sampled_from(MAXIMA), age=ages)
    def define_and_promote(self, name: str, maximum: float, age: int) -> None:
        """A verdict that was given under another policy counts for nothing."""
        self.define(name, maximum, self.model[name].contracts[-1][1])
        self.promote(name, age, False, "production", False)

    @rule(
        name=names,
        good=st.lists(st.sampled_from(LEVELS[:3]), min_size=1, max_size=3),
        back=st.integers(0, 3),
    )
    def week(self, name: str, good: list[float], back: int) -> None:
        """A few releases by a person, then as many steps back as somebody panics."""
        for level in good:
            self.release(name, level, 3, False)
        for _ in range(back):
            self.rollback(name, "production", None)

    @rule(name=names, alias=aliases, named=st.none() | ages)
    def rollback(self, name: str, alias: str, named: int | None) -> None:
        """An alias goes back to the newest good version it held, or to the one named, and is
        held.
        """
        to = None if named is None else self.model[name].number(named)
        code, _ = self.attempt(lambda: self.store.rollback(name, reason="bad", to=to, alias=alias))
        assert code == self.model[name].rollback(alias, to)

    @rule(
        name=names,
        age=ages,
        check=st.sampled_from((*JUMP, "hard_bounds", "schema")),
        hours=st.integers(-1, 30),
    )
    def waive(self, name: str, age: int, check: str, hours: int) -> None:
        """A person excepts content from a check until a time that lies ahead; not from what every
        version must pass.
        """
        model = self.model[name]
        number = model.number(age)
        # half an hour more, so that no end is at the very hour that the clock may be turned to
        until = self.store.view().present + timedelta(hours=hours, minutes=30)
        code, waiver = self.attempt(
            lambda: self.store.waive(
                name, check, number, reason="because", until=until.replace(microsecond=0)
            )
        )
        if number > len(model.versions):
            assert code == "unknown_version"
        elif model.versions[number - 1].expired:
            assert code == "expired"
        elif check == "schema":
            assert code == "unwaivable"
        elif hours < 0:
            assert code == "bad_until"
        else:
            model.waivers[waiver.id] = (model.versions[number - 1].content, check, waiver.until)

    @rule(name=names, data=st.data())
    def unwaive(self, name: str, data: st.DataObject) -> None:
        """A waiver is taken back, once and before its end."""
        waivers = self.model[name].waivers
        if not waivers:
            return
        number = data.draw(st.sampled_from(sorted(waivers)))
        over = waivers[number][2] <= self.store.view().present
        code, _ = self.attempt(lambda: self.store.unwaive(name, number, reason="no"))
        assert code == ("waiver_over" if over else None)
        if not over:
            del waivers[number]
            assert (
                self.attempt(lambda: self.store.unwaive(name, number, reason="no"))[0]
                == "waiver_over"
            )

    @rule(
        name=names,
        day=st.integers(0, 3),
        hours=st.integers(0, 30),
        turned=st.integers(0, 48),
        back=st.booleans(),
    )
    def except_what_jumps(self, name: str, day: int, hours: int, turned: int, back: bool) -> None:
        """What is far from production is promotable while all that it fails is waived, and no
        longer.
        """
        self.publish(name, LEVELS[3], day)
        self.promote(name, 0, False, "production", False)
        for check in (*JUMP, "hard_bounds"):
            self.waive(name, 0, check, hours)
        if back:
            self.unwaive_last(name)
        self.turn_clock(turned)
        self.promote(name, 0, False, "production", False)

    def unwaive_last(self, name: str) -> None:
        """The waiver that was given last is taken back."""
        waivers = self.model[name].waivers
        self.store.unwaive(name, max(waivers), reason="no")
        del waivers[max(waivers)]

    @rule(name=names, age=ages)
    def expire(self, name: str, age: int) -> None:
        """A version without an alias gives up its files; the number stays."""
        model = self.model[name]
        number = model.number(age)
        if number > len(model.versions):
            return
        version = self.store.resolve(name, number)
        code, _ = self.attempt(
            lambda: self.store.catalog.expire(version, actor="tester", reason="test")
        )
        in_use = number in {model.pointed(alias) for alias in ALIASES}
        expected = "in_use" if in_use else "expired" if model.versions[number - 1].expired else None
        assert code == expected
        model.versions[number - 1].expired |= expected is None

    @rule()
    def sweep(self) -> None:
        """A sweep deletes what no unexpired version needs, and changes no answer."""
        sweep(self.store, grace=timedelta(0))
        for name, model in self.model.items():
            stored = {
                path.split("/")[3] for path in self.store.objects.names(f"sets/{name}/snapshots")
            }
            assert len(stored) == len(
                {version.content for version in model.versions if not version.expired}
            )

    @rule(name=names, seldom=st.integers(0, 5))
    def erase(self, name: str, seldom: int) -> None:
        """A ticker goes from every version, once for all; no version gets it again."""
        if seldom:
            return
        model = self.model[name]
        present = any(not (v.expired or v.content[2]) for v in model.versions)
        code, _ = self.attempt(
            lambda: erase(self.store, name, [(TICKERS[1],)], reason="asked to be forgotten")
        )
        # what was expired and swept may be in the trash still
        assert code is None if present or model.erased else code in (None, "unknown_keys")
        model.erased |= code is None
        if model.erased:
            code, _ = self.attempt(
                lambda: self.store.publish(name, frame(100.0), provenance("erased"))
            )
            wide = model.contracts[-1][1]
            assert code == ("columns" if wide else "erased_keys")

    @rule()
    def reopen(self) -> None:
        """Another process opens the store."""
        self.stores[0].catalog.engine.dispose()
        self.stores = [self.stores[1], self.open()]

    @rule(which=st.integers(0, 1))
    def switch(self, which: int) -> None:
        """The other process goes on."""
        self.store = self.stores[which]

    @rule(hours=st.integers(-48, 48))
    def turn_clock(self, hours: int) -> None:
        """The clock is wrong for a while."""
        self.offset = timedelta(hours=hours)

    @rule(data=st.data())
    def read_the_past(self, data: st.DataObject) -> None:
        """Any earlier moment gives the answers it gave then, for ever, up to the moment before the
        next event.
        """
        if not self.past:
            return
        index = data.draw(st.integers(0, len(self.past) - 1))
        moment, answers = self.past[index]
        view = self.store.view()
        later = [
            event.at
            for of_set in view.sets.values()
            for event in of_set.events
            if event.at > moment
        ]
        for as_of in {moment, min(later, default=moment) - timedelta(microseconds=bool(later))}:
            for (name, ref), expected in answers.items():
                code, version = self.attempt(
                    lambda n=name, r=ref, t=as_of: view.resolve(n, At(r, t))
                )
                assert (version and version.version) == expected
                assert version is None or version.published_at <= as_of
                if expected is None and ref != "latest" and self.model[name].held_by[ref]:
                    assert code == "before_first"

    @invariant()
    def refs_and_states_agree(self) -> None:
        """Aliases, holds, `latest`, states and one read, now and as of now."""
        if not all(of_set.contracts for of_set in self.model.values()):
            return
        view = self.store.view()
        now: dict[tuple[str, str], int | None] = {}
        for name, model in self.model.items():
            for ref in REFS:
                expected = now[name, ref] = model.resolve(ref)
                for as_of in (None, view.moment):
                    code, version = self.attempt(
                        lambda n=name, r=ref, t=as_of: view.resolve(n, At(r, t))
                    )
                    assert (version and version.version) == expected
                    if expected is None and as_of is None:
                        assert code == ("unknown_alias" if ref == "canary" else "nothing_promoted")
            of_set = view.set(name)
            assert {alias for alias, moved in of_set.aliases.items() if moved.held} == model.holds
            assert [view.state(v) for v in of_set.versions] == [
                model.state(n + 1) for n in range(len(of_set.versions))
            ]
            production = model.pointed("production")
            if production is not None:
                if model.erased:
                    of_set = self.store[name]
                    code, _ = self.attempt(lambda s=of_set: s.get(TICKERS[1], TARGETS[1]))
                    assert code == "erased"
                answer = self.store[name].get(TICKERS[0], TARGETS[1])
                assert answer.body["version"] == production
                assert answer["value"] == model.versions[production - 1].level
        self.past.append((view.moment, now))

    def frame(self, name: str, level: float) -> pl.DataFrame:
        """A frame for the contract in force."""
        model = self.model[name]
        rows = frame(level, extra=1.0) if model.contracts[-1][1] else frame(level)
        return rows.filter(pl.col("ticker") != TICKERS[1]) if model.erased else rows

    def broken(self, name: str, kind: str) -> pl.DataFrame:
        """A frame that publish rejects."""
        good = self.frame(name, 100.0)
        first = pl.int_range(pl.len()) == 0
        return {
            "not_finite": good.with_columns(value=pl.when(first).then(math.nan).otherwise("value")),
            "duplicate_key": pl.concat([good, good.head(1)]),
            "null_key": good.with_columns(ticker=pl.when(first).then(None).otherwise("ticker")),
            "columns": good.drop("value"),
            "bad_key": good.with_columns(
                ticker=pl.when(first).then(pl.lit("..")).otherwise("ticker")
            ),
        }[kind]

    def attempt(self, act: Callable[[], Any]) -> tuple[str | None, Any]:
        """The code of the error, or the result."""
        try:
            return None, act()
        except EstimatesError as error:
            return f"{error.code}!" if (error.code == "blocked") != isinstance(
                error, GateError
            ) else error.code, None


def _run(
    new_store: Callable[[Path], tuple[Store, Callable[[], Store]]], count: int, steps: int
) -> None:
    """Run the machine, each example in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="machine"))
    numbers = itertools.count()
    profile = settings(examples(count), stateful_step_count=steps, report_multiple_bugs=False)
    try:
        run_state_machine_as_test(
            lambda: StoreMachine(lambda: new_store(folder / str(next(numbers)))), settings=profile
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_store_agrees_with_the_model_on_sqlite() -> None:
    """Any sequence of operations has the outcome that the model predicts, on SQLite."""

    def new(root: Path) -> tuple[Store, Callable[[], Store]]:
        return make_store(root), lambda: Store(root)

    _run(new, count=3, steps=30)


def test_store_agrees_with_the_model_on_postgresql(postgresql: PostgreSQL) -> None:
    """Any sequence of operations has the outcome that the model predicts, on PostgreSQL."""

    def new(root: Path) -> tuple[Store, Callable[[], Store]]:
        url = databases.enter_context(postgresql.database())
        return make_store(root, url), lambda: Store(root, catalog=url)

    with ExitStack() as databases:
        _run(new, count=1, steps=25)


@pytest.mark.stack
@pytest.mark.parametrize("server", ["s3", "ceph"])
def test_store_agrees_with_the_model_in_a_bucket(
    server: str,
    postgresql: PostgreSQL,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Any sequence of operations has the outcome that the model predicts, in a bucket of a real S3
    server.
    """
    running: S3Server = request.getfixturevalue(server)
    for name, value in running.environment().items():
        monkeypatch.setenv(name, value)

    def new(folder: Path) -> tuple[Store, Callable[[], Store]]:
        url = databases.enter_context(postgresql.database())
        root = f"s3://{running.bucket()}/store"
        made = make_store(root, url, cache=folder)
        return made, lambda: Store(root, catalog=url, cache=folder)

    with ExitStack() as databases:
        _run(new, count=3, steps=25)
