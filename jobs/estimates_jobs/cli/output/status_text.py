"""How sets stand, for people: a line a set, the worst first; one set in detail; its deadlines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from estimates.catalog.records import CarriedOver, LegalHold
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.run_record import Run
from estimates.catalog.sets_read import SetRead
from estimates.gate.open_requests import OpenRequest
from estimates.render.wording import count, percent
from estimates_jobs.cli.output import cells, terminal
from estimates_jobs.cli.output.set_status import PROBLEMS, SetStatus

if TYPE_CHECKING:
    from rich.text import Text

    from estimates.catalog.punctuality import Deadline, NextDeadline, Punctuality

_BAD = "bold red"
_WARN = "yellow"
_COLOURS = {"stale": _BAD, "overdue": _BAD, "failed": _BAD}
_WORDS = {"nothing_promoted": "nothing promoted"}
_NAMED = 5  # groups
BECAUSE = {
    "late_run": "the run was late",
    "failed_run": "the run failed",
    "refused": "the gate refused the version",
    "not_promoted": "the version waited for a promotion",
}


def worst_first(statuses: Sequence[SetStatus]) -> list[SetStatus]:
    """The sets by their worst problem, those that only wait after them, the quiet ones last."""
    return sorted(statuses, key=lambda status: (_rank(status), status.set))


def _rank(status: SetStatus) -> int:
    if status.problems:
        return PROBLEMS.index(status.problems[0])
    if status.deadline is not None and status.deadline.at_risk:
        return len(PROBLEMS)
    return len(PROBLEMS) + (1 if status.waiting else 3 if status.retired else 2)


def show_statuses(statuses: Sequence[SetStatus]) -> None:
    """Print how several sets stand, a row each, the worst first."""
    ordered = worst_first(statuses)
    rows = [_row(status) for status in ordered]
    carried = [s.production.carried_over if s.production else None for s in ordered]
    for row, status, groups_of in zip(rows, ordered, carried, strict=True):
        if any(carried):
            row["carried over"] = len(groups_of.groups) if groups_of else ""
        if any(other.legal_holds for other in ordered):
            row["legal holds"] = len(status.legal_holds) or ""
        row["needs"] = row.pop("needs")  # the last column may be folded
    terminal.records(rows)


def _row(status: SetStatus) -> dict[str, cells.Cell]:
    newest, production = status.newest, status.production
    return {
        "set": status.set,
        "production": production.version if production else None,
        "data age": _age(status),
        "last run": _run(status.last_run, short=True),
        "verdict": newest.outcome if newest else None,
        "needs": _needs(status),
    }


def _age(status: SetStatus) -> cells.Cell:
    from rich.text import Text

    if status.production is None:
        return None
    style = _BAD if status.stale else ""
    return Text(_duration(status.production.age_s), style=style)


def _needs(status: SetStatus) -> Text:
    """All that is wrong, then what waits, in the colours of how bad it is."""
    from rich.text import Text

    if status.retired is not None:
        return Text("retired", style="dim")
    shown = {"held"} if any(waiting.what == "held" for waiting in status.waiting) else set[str]()
    parts = [
        Text(_WORDS.get(problem, problem), style=_COLOURS.get(problem, _WARN))
        for problem in status.problems
        if problem not in shown
    ]
    deadline = status.deadline
    if deadline is not None and deadline.at_risk and deadline.due and deadline.start_by:
        due, start_by = (cells.instant(moment)[11:] for moment in (deadline.due, deadline.start_by))
        parts.append(Text(f"due {due}, a run has to start by {start_by}", style=_WARN))
    parts += [Text(waiting.text, style=_WARN) for waiting in status.waiting]
    return Text("; ").join(parts) if parts else Text("nothing", style="dim")


def _run(run: Run | None, *, short: bool = False) -> str | None:
    """How the last run ended, and when."""
    if run is None:
        return None
    when = cells.instant(run.finished_at or run.started_at)
    if short:
        return f"{run.status} {when[5:10]} {when[11:16]}"
    where = f" in {run.step}" if run.status == "failed" else ""
    why = "" if run.message is None else f": {run.message}"
    return f"{run.run_id} {run.status}{where} {when}{why}"


def show_status(status: SetStatus) -> None:
    """Print how one set stands."""
    newest, production, run = status.newest, status.production, status.last_run
    pairs: list[tuple[str, cells.Cell]] = [("owner", status.owner or None)]
    if status.retired is not None:
        pairs.append(("retired", f"since {cells.instant(status.retired)}: no new versions"))
    if newest is not None:
        state = newest.state.replace("_", " ")
        published = f"published {cells.instant(newest.published_at)}"
        pairs += [
            ("last version", f"{newest.version} ({state}), {published}"),
            ("its verdict", newest.outcome or "not judged"),
        ]
    pairs.append(("last run", _run(run)))
    if run is not None and run.status in ("failed", "rejected"):
        pairs.append(("its log", f"estimates runs {status.set} {run.run_id}"))
    if production is not None:
        through = cells.instant(production.data_through)
        newest_data = cells.instant(production.newest_data)
        pairs += [
            ("production", f"version {production.version} since {cells.instant(production.since)}"),
            ("hold", f"held: {production.held_because}" if production.held else "no"),
            ("data through", through),
            ("newest data", f"{newest_data}, {_duration(production.age_s)} ago"),
            ("carried over", _carried_over(production.carried_over)),
        ]
    others = (f"{alias} → {n}" for alias, n in status.aliases.items() if alias != PRODUCTION)
    pairs += [
        ("maximum age", _freshness(status)),
        ("updated", _rhythm(status)),
        ("next expected", _expected(status)),
        ("due", _due(status.deadline)),
        ("other aliases", ", ".join(others) or None),
        ("made of", ", ".join(map(_set_read, status.inputs)) or None),
        (
            "read by",
            ", ".join(f"{r.set} {r.version} (of {r.read})" for r in status.read_by) or None,
        ),
        *(("legal hold", _legal_hold(hold)) for hold in status.legal_holds),
        ("attention", _attention(status)),
        *((f"waits for {w.who}", f"{w.text}; next: {w.remedy}") for w in status.waiting),
    ]
    for request in status.requests:
        pairs += _request(request)
    terminal.line(f"{status.set}  {status.description}".rstrip(), "bold")
    terminal.pairs(pairs)


def _request(request: OpenRequest) -> list[tuple[str, cells.Cell]]:
    """A request for approvals: since when, why, who approved it, until when, what it loosens."""
    about = [f"asked {cells.instant(request.asked_at)} by {request.asked_by}"]
    about += [request.reason] if request.reason else []
    about += [f"approved by {', '.join(request.approved)}"] if request.approved else []
    about.append(f"ends {cells.instant(request.until)}")
    pairs: list[tuple[str, cells.Cell]] = [(f"request {request.id}", "; ".join(about))]
    return [*pairs, *(("loosens", line) for line in request.loosens)]


def show_punctuality(name: str, kept: Punctuality) -> None:
    """Print how many deadlines of a set were met, and of the late ones how late and why."""
    since = cells.instant(kept.since)
    if kept.share is None:
        terminal.line(f"{name}: no deadline passed since {since}")
        return
    deadlines = count(kept.deadlines, "deadline")
    line = f"{name}: {kept.on_time} of {deadlines} met ({percent(kept.share)}) since {since}"
    terminal.line(line, "" if kept.on_time == kept.deadlines else _WARN)
    if kept.late:
        terminal.records([_late(deadline, kept.worst) for deadline in reversed(kept.late)])


def _late(deadline: Deadline, worst: Deadline | None) -> dict[str, cells.Cell]:
    late = _duration(deadline.late_s)
    return {
        "due": cells.instant(deadline.at),
        "came": "not yet" if deadline.met_at is None else cells.instant(deadline.met_at),
        "version": deadline.version,
        "late by": f"{late} (worst)" if deadline == worst else late,
        "because": BECAUSE.get(deadline.because or "", ""),
    }


def _due(deadline: NextDeadline | None) -> cells.Cell:
    from rich.text import Text

    if deadline is None:
        return None
    parts = [] if deadline.missed is None else [f"MISSED at {cells.instant(deadline.missed)}"]
    if deadline.due is None:
        parts.append("the next one is met")
    else:
        start_by = deadline.start_by
        usual = "" if deadline.usual_s is None else f"; a run takes {_duration(deadline.usual_s)}"
        by = "" if start_by is None else f", so one has to start by {cells.instant(start_by)}"
        parts.append(f"next {cells.instant(deadline.due)}{usual}{by}")
    style = _BAD if deadline.missed else _WARN if deadline.at_risk else ""
    return Text("; ".join(parts), style=style)


def _attention(status: SetStatus) -> cells.Cell:
    from rich.text import Text

    words = ", ".join(_WORDS.get(problem, problem) for problem in status.problems)
    return Text(words, style=_COLOURS.get(status.problems[0], _WARN)) if words else None


def _set_read(read: SetRead) -> str:
    """A version of another set, and what became of it where it is no longer in production."""
    if read.version == read.production:
        return f"{read.set} {read.version}"
    now = "nothing" if read.production is None else f"{read.production}"
    state = f"{read.state.replace('_', ' ')}, " if read.state == "rolled_back" else ""
    return f"{read.set} {read.version} ({state}production is {now})"


def _carried_over(carried: CarriedOver | None) -> str | None:
    if carried is None:
        return None
    named = ", ".join(carried.groups[:_NAMED])
    more = f" and {len(carried.groups) - _NAMED} more" if len(carried.groups) > _NAMED else ""
    rows = count(carried.rows, "row")
    return f"{carried.by} {named}{more}: {rows} of version {carried.since}"


def _legal_hold(hold: LegalHold) -> str:
    what = "all versions" if hold.version is None else f"version {hold.version}"
    since = cells.instant(hold.at)
    return f"{hold.id}: {what} since {since} by {hold.actor}: {hold.reason}"


def _duration(seconds: float) -> str:
    return cells.duration(timedelta(seconds=seconds))


def _rhythm(status: SetStatus) -> str:
    cadence = status.cadence
    promised = "no cadence in the contract" if cadence is None else f"every {cadence} by contract"
    if status.published_every_s is None:
        return promised
    usual = _duration(status.published_every_s)
    return f"{promised}; {status.versions} versions, usually {usual} apart"


def _freshness(status: SetStatus) -> str:
    if status.max_age is None or status.stale is None:
        return status.max_age or "not checked"
    return f"{status.max_age}: {'stale' if status.stale else 'fresh'}"


def _expected(status: SetStatus) -> str | None:
    if status.next_expected is None:
        return None
    return f"{cells.instant(status.next_expected)}{' (overdue)' if status.overdue else ''}"
