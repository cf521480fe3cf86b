"""Commands that tell how things stand: status, versions, runs, log."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click
import msgspec

from estimates import instants
from estimates.catalog.records import Event, Run, Version
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.set_view import SetView
from estimates.catalog.view import View
from estimates.store.store import Store
from estimates_jobs.cli import show
from estimates_jobs.cli.command import Options, command
from estimates_jobs.cli.failures import ANSWER_IS_NO
from estimates_jobs.cli.standing import Standing, last_verdict, standing
from estimates_jobs.cli.waiving import waivers_in_force

if TYPE_CHECKING:
    from estimates.client import Client

_PROBLEMS = {"nothing_promoted": "nothing promoted", "stale": "stale"}


@command(
    "status",
    examples=(
        "estimates status",
        "estimates status sp500-close",
        "estimates status --check || notify-on-call            # exits 1 when stale or nothing is "
        "promoted",
    ),
)
@click.argument("set_name", metavar="[SET]", required=False)
@click.option(
    "--check", is_flag=True, help="Exit 1 when a set is stale or nothing in it was promoted yet."
)
def status(options: Options, set_name: str | None, check: bool) -> int:
    """How often are my estimates updated: the last version, its age, the next one expected,
    production, holds.

    Stale means: production's data are older than the contract's freshness.max_age. Without a
    maximum age nothing is stale. A version is expected one cadence after the last; being overdue
    alone is not stale.
    """
    view = options.open().view()
    now = instants.now()
    names = sorted(view.sets) if set_name is None else [set_name]
    found = [standing(view, name, now) for name in names]
    if options.json:
        show.value({"at": now, "sets": found})
    elif len(found) == 1:
        show_standing(found[0])
    elif found:
        _show_standings(found)
    else:
        show.line("no sets yet; register one with estimates define CONTRACT.toml")
    return ANSWER_IS_NO if check and any(one.problems for one in found) else 0


@command(
    "versions",
    examples=("estimates versions sp500-close", "estimates versions sp500-close --format json"),
)
@click.argument("set_name", metavar="SET")
def versions(options: Options, set_name: str) -> None:
    """The versions of a set, newest first, each with its state.

    A state is the first of these that is true: expired, production, rolled_back, superseded (was
    production), refused (its newest verdict blocks), candidate (it passes), unjudged.
    """
    view = options.open().view()
    found = view.set(set_name)
    rows = [_version_facts(view, found, version) for version in reversed(found.versions)]
    if options.json:
        show.value({"set": set_name, "versions": rows})
        return
    if not rows:
        show.line(f"{set_name} has no versions yet")
        return
    titles = {
        "version": "version",
        "state": "state",
        "verdict": "verdict",
        "published_at": "published",
    }
    if any(row["released_at"] for row in rows):
        titles["released_at"] = "claimed release"
    if any(row["waivers"] for row in rows):
        titles["waived"] = "waived"
    titles |= {
        "data_through": "data through",
        "rows": "rows",
        "shape": "shape",
        "tracked": "MLflow",
        "run_id": "run",
    }
    cells = [
        row | {"waived": ", ".join(dict.fromkeys(one.check for one in row["waivers"]))}
        for row in rows
    ]
    show.table(list(titles.values()), [[show.plain(row[name]) for name in titles] for row in cells])


@command(
    "runs",
    examples=(
        "estimates runs sp500-close",
        "estimates runs sp500-close --format json | jq '.runs[0]'",
    ),
)
@click.argument("set_name", metavar="SET")
def runs(options: Options, set_name: str) -> None:
    """The runs of a set, newest first, failed ones too: what became of each, and where a broken one
    would go on.
    """
    found = options.open().runs(set_name)
    if options.json:
        show.value({"set": set_name, "runs": found})
        return
    if not found:
        show.line(f"{set_name} has no runs yet")
        return
    header = [
        "run",
        "status",
        "started",
        "took",
        "data through",
        "version",
        "next step",
        "what happened",
    ]
    show.table(header, [_run_row(run) for run in found])


@command(
    "log",
    examples=("estimates log sp500-close", "estimates log --format json | jq '.events[].kind'"),
)
@click.argument("set_name", metavar="[SET]", required=False)
def log(options: Options, set_name: str | None) -> None:
    """Who moved what, when and why: every event of a set, or of all sets, oldest first. Nothing is
    ever removed.
    """
    events = _events(options.open_to_read(), set_name)
    if options.json:
        show.value({"events": events})
        return
    if not events:
        show.line("nothing has happened yet")
        return
    rows: list[list[show.Cell]] = [
        [event.id, show.when(event.at), event.set, what(event), event.actor, event.reason]
        for event in events
    ]
    show.table(["event", "when", "set", "what", "who", "why"], rows)


def _events(source: Store | Client, set_name: str | None) -> list[Event]:
    """The events of a set or of all, in order; raises NotFoundError (`unknown_set`)."""
    if isinstance(source, Store):
        view = source.view()
        chosen = view.sets.values() if set_name is None else [view.set(set_name)]
        return sorted(
            (event for found in chosen for event in found.events), key=lambda event: event.id
        )
    if set_name is not None:
        source[set_name].versions()  # of an unknown set there is none
    events: list[Event] = []
    while page := source.events(after=events[-1].id if events else 0):
        events += page
    return [event for event in events if set_name in (None, event.set)]


def what(event: Event) -> str:
    """What happened, in a few words."""
    if event.kind == "defined":
        return f"contract revision {event.details['revision']}, shape {event.details['shape']}"
    if event.kind == "judged":
        return f"version {event.version} judged: {event.details['outcome']}{', blocks' if event.blocks else ''}"
    if event.kind in ("promoted", "rolled_back"):
        before = "" if event.from_version is None else f"{event.from_version} "
        how = (
            " automatically" if event.automatic else ", held" if event.kind == "rolled_back" else ""
        )
        return f"{event.alias} {before}→ {event.version}{how}"
    if event.kind == "published" and "released_at" in event.details:
        return f"version {event.version} published, claimed release {event.details['released_at']}"
    if event.kind == "tracked":
        return f"version {event.version} recorded in MLflow"
    if event.kind == "waived":
        count = event.details["keys"]
        what_of = "" if count is None else " for 1 key" if count == 1 else f" for {count:,} keys"
        return f"version {event.version}: {event.details['check']} waived until {event.details['until']}{what_of}"
    if event.kind == "unwaived":
        return f"version {event.version}: waiver {event.details['waiver']} of {event.details['check']} taken back"
    if event.kind == "scored":
        return f"version {event.version} scored on {event.details['keys']:,} keys"
    if event.kind == "regraded":
        return f"version {event.version} regraded: {event.details['grade'].replace('_', ' ')}"
    return f"version {event.version} {event.kind}"


def _version_facts(view: View, found: SetView, version: Version) -> dict[str, Any]:
    judged = last_verdict(found, version.version)
    facts = msgspec.structs.asdict(version)
    provenance = facts.pop("provenance")
    return {
        "version": facts.pop("version"),
        "state": view.state(version),
        "verdict": None if judged is None else judged.details["outcome"],
        "data_through": version.data_through,
        "run_id": provenance.run_id,
        "tracked": version.mlflow_run is not None,
        "waivers": waivers_in_force(view, version),
        "provenance": provenance,
    } | facts


def _run_row(run: Run) -> list[show.Cell]:
    took = "" if run.finished_at is None else show.age(run.finished_at - run.started_at)
    follow = "" if run.step == "done" else run.step
    said = " ".join((run.message or "").split())
    return [
        run.run_id,
        run.status,
        show.when(run.started_at),
        took,
        show.when(run.data_through),
        run.version,
        follow,
        f"{said} [{run.error}]" if run.error else said,
    ]


def show_standing(one: Standing) -> None:
    """Print how one set stands."""
    newest, production = one.newest, one.production
    pairs: list[tuple[str, show.Cell]] = [("owner", one.owner or None)]
    if newest is not None:
        state = newest.state.replace("_", " ")
        pairs += [
            (
                "last version",
                f"{newest.version} ({state}), published {show.when(newest.published_at)}",
            ),
            ("its verdict", newest.outcome or "not judged"),
        ]
    if production is not None:
        pairs += [
            ("production", f"version {production.version} since {show.when(production.since)}"),
            ("hold", f"held: {production.held_because}" if production.held else "no"),
            ("data through", f"{show.when(production.data_through)}, {_age(production.age_s)} ago"),
        ]
    pairs += [
        ("maximum age", _freshness(one)),
        ("updated", _rhythm(one)),
        ("next expected", _expected(one)),
        (
            "other aliases",
            ", ".join(f"{a} → {v}" for a, v in one.aliases.items() if a != PRODUCTION) or None,
        ),
        ("attention", ", ".join(_PROBLEMS[problem] for problem in one.problems) or None),
    ]
    show.line(f"{one.set}  {one.description}".rstrip(), "bold")
    show.facts(pairs)


def _show_standings(found: list[Standing]) -> None:
    header = [
        "set",
        "last version",
        "published",
        "verdict",
        "production",
        "held",
        "data age",
        "max age",
        "next expected",
    ]
    rows: list[list[show.Cell]] = []
    for one in found:
        newest, production = one.newest, one.production
        rows.append(
            [
                one.set,
                None if newest is None else newest.version,
                None if newest is None else show.when(newest.published_at),
                None if newest is None else newest.outcome,
                None if production is None else production.version,
                "held" if production is not None and production.held else "",
                None if production is None else _age(production.age_s),
                one.max_age,
                _expected(one) or "",
                ", ".join(_PROBLEMS[problem] for problem in one.problems),
            ]
        )
    show.table([*header, "attention"], rows)


def _age(seconds: float) -> str:
    return show.age(timedelta(seconds=seconds))


def _rhythm(one: Standing) -> str:
    said = (
        "no cadence in the contract" if one.cadence is None else f"every {one.cadence} by contract"
    )
    if one.published_every_s is None:
        return said
    return f"{said}; {one.versions} versions, usually {_age(one.published_every_s)} apart"


def _freshness(one: Standing) -> str:
    if one.max_age is None:
        return "not checked"
    return (
        one.max_age if one.stale is None else f"{one.max_age}: {'stale' if one.stale else 'fresh'}"
    )


def _expected(one: Standing) -> str | None:
    if one.next_expected is None:
        return None
    return f"{show.when(one.next_expected)}{' (overdue)' if one.overdue else ''}"
