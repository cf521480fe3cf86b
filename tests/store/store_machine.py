"""A Hypothesis state machine beside a plain model of the store."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, cast

import polars as pl
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from estimates import instants
from estimates.catalog import clock
from estimates.catalog.at import At
from estimates.contract.contract_file import parse_contract
from estimates.errors import EstimatesError, GateError
from estimates.gate.open_requests import open_requests
from estimates.store.erase import erase
from estimates.store.store import Store
from estimates.store.sweep import sweep
from tests.builders import TARGETS, TICKERS, frame, provenance, source
from tests.invariants import Answers, check_all
from tests.store.store_model import (
    ALIASES,
    APPROVERS,
    JUMP,
    LEVELS,
    MAXIMA,
    REFS,
    SETS,
    Contract,
    Request,
    Set,
    Version,
)

EXTRA = '[columns.extra]\nunit = "USD"\n'
_Waived = tuple[str, datetime, tuple[float, bool, bool], object]  # check, until, content, policy
GATE = f"[gate]\napprovals = 1\napprovers = {list(APPROVERS)}\n"
# One set and one alias see most of what happens, so that histories grow long; the others show what
# leaks.
names = st.sampled_from((*SETS[:1] * 4, SETS[1]))
aliases = st.sampled_from((*ALIASES[:1] * 3, ALIASES[1]))
levels = st.sampled_from((*LEVELS[:3] * 2, LEVELS[3]))
# How far back from the newest version; a twentieth asks for one that does not exist.
ages = st.integers(-1, 18)
# Mostly somebody who may approve.
people = st.sampled_from((*APPROVERS[:1] * 4, *APPROVERS[1:], "carl"))


class StoreMachine(RuleBasedStateMachine):
    """Two open stores, as two processes have them, against the model."""

    def __init__(self, new_store: Callable[[], tuple[Store, Callable[[], Store]]]) -> None:
        super().__init__()
        self.store, self.open = new_store()
        self.stores = [self.store, self.open()]
        self.model = {name: Set() for name in SETS}
        # what refs named, and which of them had named anything before
        self.past: list[tuple[datetime, dict[tuple[str, str], tuple[int | None, bool]]]] = []
        self.error: EstimatesError | None = None  # of the last attempt
        self.answers: Answers = {}
        self.runs = 0
        self.reasons = count()  # each given once: the same move for the same reason is done once
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
            self.define(name, maximum, False, False)
        self.publish(SETS[0], early, 0)
        self.judge(SETS[0], 0)
        for level in history:
            self.release(SETS[0], level, 0, False)

    @rule(
        name=names,
        maximum=st.sampled_from(MAXIMA),
        wide=st.sampled_from((False, False, False, True)),
        gated=st.sampled_from((False, False, True)),
    )
    def define(self, name: str, maximum: float, wide: bool, gated: bool) -> None:
        """A contract in force again is the same revision; another one is a new revision, its shape
        known or new; one that loosens a gate with approvals waits for one.
        """
        model, contract = self.model[name], Contract(maximum, wide, gated)
        newest = model.contracts[-1] if model.contracts else None
        text = source(name, maximum=maximum, more=(EXTRA if wide else "") + (GATE if gated else ""))
        code, revision = self.attempt(lambda: self.store.define(parse_contract(text), text))
        if newest is not None and newest.gated and contract.loosens(newest):
            request = Request("define", self.store.user, None, len(model.contracts), contract)
            self.assert_asked(name, code, request)
            return
        if newest != contract:
            model.contracts.append(contract)
        assert revision.revision == len(model.contracts)
        assert revision.shape == (1 if wide == model.contracts[0].wide else 2)

    @rule(name=names, level=levels, day=st.integers(0, 3))
    def publish(self, name: str, level: float, day: int) -> None:
        """A frame becomes the next version."""
        self.runs += 1
        model, run_id, rows = self.model[name], f"run-{self.runs}", self.frame(name, level)
        code, version = self.attempt(
            lambda: self.store.publish(name, rows, provenance(run_id, day))
        )
        if model.retired:
            assert code == "retired"
            return
        model.versions.append(Version(run_id, self.store.user, model.content(level), day))
        assert version.version == len(model.versions)

    @rule(name=names, age=ages, level=levels)
    def publish_again(self, name: str, age: int, level: float) -> None:
        """The run_id of an earlier run gives its version back, or is refused with other content."""
        model = self.model[name]
        number = model.number(age)
        if number > len(model.versions):
            return
        before = model.versions[number - 1]
        same = model.content(level) == before.content and not model.retired
        code, version = self.attempt(
            lambda: self.store.publish(
                name, self.frame(name, level), provenance(before.run_id, before.day)
            )
        )
        assert code == (None if same else "retired" if model.retired else "run_id_reused")
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
        assert code == ("retired" if self.model[name].retired else kind)

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
        """An alias moves when no rule and no verdict is against it, or an approval is asked for."""
        model = self.model[name]
        number = model.number(age)
        how = {"automatic": automatic, "alias": alias, "new_shape": new_shape}
        reason = None if automatic else f"because {next(self.reasons)}"
        act = partial(self.store.promote, name, number, reason=reason, **how)
        code, event = self.attempt(act)
        if number > len(model.versions):
            assert code == "unknown_version"
            return
        refusals = model.promotion_refusals(number, alias, automatic, new_shape)
        now = self.store.view().present
        if refusals:
            assert code in refusals
        elif model.blocks(number, now):
            assert code == "blocked"
        elif model.contracts[-1].gated:
            request = model.promotion(number, self.store.user, alias, new_shape, now)
            request.automatic = automatic
            self.assert_asked(name, code, request)
        else:
            assert (event.version, event.alias, event.automatic) == (number, alias, automatic)
            model.move(alias, number)
            again = self.attempt(act)
            assert again == (("already", None) if automatic else (None, event))

    def assert_asked(self, name: str, code: str | None, wanted: Request) -> None:
        """What waits for an approval is one request, however often it is asked for."""
        assert code == "approval_needed"
        assert self.error is not None
        number, model = int(str(self.error.details["request"])), self.model[name]
        waiting = model.same(wanted, self.store.view().present)
        assert waiting in (None, number)
        if waiting is None:
            assert number == self.store.view().last_event
            model.requests[number] = wanted

    @rule(name=names, which=st.integers(0, 4), who=people)
    def approve(self, name: str, which: int, who: str) -> None:
        """Somebody else's yes does what was asked for, where it is lawful still."""
        model = self.model[name]
        number = [*sorted(model.requests, reverse=True), *[10**6] * 5][which]
        code, done = self.acting(who, lambda: self.store.approve(name, number))
        now = self.store.view().present
        refusal = model.approval_refusal(number, who, now)
        if refusal is not None:
            assert code == refusal
            return
        request = model.requests[number]
        if request.act == "promote":
            assert request.number is not None
            alias, new_shape, *_ = request.about
            of, automatic = request.number, request.automatic
            refusals = model.promotion_refusals(of, str(alias), automatic, bool(new_shape))
            if refusals or model.blocks(of, now):
                assert code in (refusals or {"blocked"})
                return
            assert (done.event.version, done.event.alias) == (of, alias)
            model.move(str(alias), of)
        elif request.act == "waive":
            check, until, content, _ = cast(_Waived, request.about)
            model.waivers[done.event.id] = content, check, until
        else:
            model.contracts.append(request.about[1])
        assert code is None
        request.over = True

    @rule(name=names, which=st.integers(0, 4), who=people)
    def decline(self, name: str, which: int, who: str) -> None:
        """Who asked takes a request back, or who may approve it declines it."""
        model = self.model[name]
        number = [*sorted(model.requests, reverse=True), *[10**6] * 5][which]
        code, _ = self.acting(who, lambda: self.store.decline(name, number, reason="no"))
        refusal = model.approval_refusal(number, who, self.store.view().present)
        assert code == (None if refusal == "own_request" else refusal)
        if code is None:
            model.requests[number].over = True

    @rule(
        name=names,
        level=levels,
        between=st.sampled_from(("nothing", "retire", "roll back", "waive", "define", "remove")),
        who=people,
    )
    def approve_after(self, name: str, level: float, between: str, who: str) -> None:
        """What happens between a request and its approval may make it void."""
        maximum, wide, _ = self.model[name].contracts[-1]
        self.define(name, maximum, wide, True)
        self.publish(name, level, 3)
        self.promote(name, 0, False, "production", False)
        if between == "retire":
            self.retire(name, 0)
            self.promote(name, 0, False, "production", False)
            self.retire(name, 0)
        elif between == "roll back":
            self.rollback(name, "production", None)
        elif between == "remove":
            self.remove_alias(name, "production", 0)
            self.promote(name, 0, True, "production", False)
        elif between == "waive":
            self.waive(name, 0, "jumps", 1)
            self.approve(name, 0, APPROVERS[0])
        elif between == "define":
            self.define(name, min(MAXIMA), wide, True)
        self.approve(name, int(between == "waive"), who)
        self.define(name, maximum, wide, False)  # else most of what follows would wait
        self.approve(name, 0, APPROVERS[0])

    @rule(name=names, alias=aliases, seldom=st.integers(0, 3))
    def remove_alias(self, name: str, alias: str, seldom: int) -> None:
        """An alias that is removed names nothing, and only a person brings it back."""
        if seldom:
            return
        model = self.model[name]
        code, _ = self.attempt(lambda: self.store.remove_alias(name, alias, reason="gone"))
        if model.pointed(alias) is None:
            assert code == ("nothing_promoted" if alias == "production" else "unknown_alias")
            return
        assert code is None
        model.move(alias, None)

    @rule(name=names, seldom=st.integers(0, 5))
    def retire(self, name: str, seldom: int) -> None:
        """A retired set takes no versions and no promotions, and comes back."""
        model = self.model[name]
        if seldom and not model.retired:
            return
        there, back = self.store.retire, self.store.unretire
        again, other = (there, back) if model.retired else (back, there)
        assert self.attempt(lambda: again(name, reason="again"))[0] == "already"
        other(name, reason="because")
        model.retired = not model.retired
        for request in model.requests.values():
            request.over |= model.retired and request.act == "promote"

    @rule(name=names, level=levels, day=st.integers(0, 3), automatic=st.booleans())
    def release(self, name: str, level: float, day: int, automatic: bool) -> None:
        """What a run does: publish, judge, promote."""
        self.publish(name, level, day)
        self.judge(name, 0)
        self.promote(name, 0, automatic, "production", False)

    @rule(name=names, maximum=st.sampled_from(MAXIMA), age=ages)
    def define_and_promote(self, name: str, maximum: float, age: int) -> None:
        """A verdict that was given under another policy counts for nothing."""
        self.define(name, maximum, *self.model[name].contracts[-1][1:])
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
        reason = f"because {next(self.reasons)}"
        act = partial(self.store.rollback, name, reason=reason, to=to, alias=alias)
        code, event = self.attempt(act)
        assert code == self.model[name].rollback(alias, to)
        if code is None:
            assert self.attempt(act) == (None, event)

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
        elif model.contracts[-1].gated:
            content, policy = model.versions[number - 1].content, model.contracts[-1].policy
            end = until.replace(microsecond=0)
            wanted = Request("waive", self.store.user, number, check, end, content, policy)
            self.assert_asked(name, code, wanted)
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
        if back and self.model[name].waivers:
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
            refusal = "columns" if model.contracts[-1].wide else "erased_keys"
            assert code == ("retired" if model.retired else refusal)

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
            for (name, ref), (expected, moved) in answers.items():
                code, version = self.attempt(
                    lambda n=name, r=ref, t=as_of: view.resolve(n, At(r, t))
                )
                assert (version and version.version) == expected
                assert version is None or version.published_at <= as_of
                if expected is None and ref != "latest" and self.model[name].held_by[ref]:
                    removed = "nothing_promoted" if ref == "production" else "unknown_alias"
                    assert code == (removed if moved else "before_first")

    @invariant()
    def refs_and_states_agree(self) -> None:
        """Aliases, holds, `latest`, states and one read, now and as of now."""
        if not all(of_set.contracts for of_set in self.model.values()):
            return
        view = self.store.view()
        now: dict[tuple[str, str], tuple[int | None, bool]] = {}
        for name, model in self.model.items():
            for ref in REFS:
                expected = model.resolve(ref)
                now[name, ref] = expected, bool(model.held_by.get(ref))
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
            assert {request.id for request in open_requests(of_set, view.present)} == {
                number for number, r in model.requests.items() if model.is_open(r, view.present)
            }
            assert (of_set.retirement is not None) == model.retired
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
        rows = frame(level, extra=1.0) if model.contracts[-1].wide else frame(level)
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
        self.error = None
        try:
            return None, act()
        except EstimatesError as error:
            self.error = error
            answers_no = error.code in ("blocked", "approval_needed")
            return error.code if answers_no == isinstance(
                error, GateError
            ) else f"{error.code}!", None

    def acting(self, who: str, act: Callable[[], Any]) -> tuple[str | None, Any]:
        """The same by somebody else."""
        user, self.store.user = self.store.user, who
        try:
            return self.attempt(act)
        finally:
            self.store.user = user
