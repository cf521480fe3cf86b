"""`estimates explain`: why an estimate is what it is, one page for whoever is on call."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, get_args

import click
import msgspec

from estimates.accuracy.accuracy_report import Slice
from estimates.catalog.records import Event, InputDigest
from estimates.contract.contract import Contract
from estimates.errors import EstimatesError, NotFoundError
from estimates.gate.verdict import Status
from estimates.reading.explanation import Explanation
from estimates.reading.version_reader import KeyStatus
from estimates.render import wording
from estimates_jobs.cli.interface.command import (
    Options,
    as_of_option,
    command,
    set_argument,
    version_ref_option,
)
from estimates_jobs.cli.output import cells, terminal
from estimates_jobs.cli.output.chain_text import chain_pairs, values_before

if TYPE_CHECKING:
    from estimates.client import RemoteSet
    from estimates.store.estimate_set import EstimateSet

_COLOURS: dict[Status, str] = {
    "pass": "green",
    "warn": "yellow",
    "fail": "bold red",
    "error": "bold red",
}


@command(
    "estimates explain sp500-close AAPL 2021-12-30",
    "estimates explain sp500-close AAPL 2021-12-30 --ref 3",
    "estimates explain sp500-close AAPL 2021-12-30 --as-of 2026-11-24T16:00:00Z   # what was "
    "served then",
    "estimates explain sp500-close AAPL 2021-12-30 --format json | jq .run",
)
@set_argument
@click.argument("key", metavar="KEY...", nargs=-1, required=True)
@version_ref_option
@as_of_option
def explain(
    options: Options, set_name: str, key: tuple[str, ...], ref: str, as_of: str | None
) -> None:
    """Why is this number what it is? The value and its interval, what the versions before said, the
    run that made it and its inputs, the verdict of the gate, who promoted it when and why, and how
    near such estimates came so far.
    """
    estimates = options.open_to_read()[set_name]
    try:
        answer = estimates.explain(*key, ref=ref, as_of=as_of)
    except NotFoundError as error:
        raise _with_hint(error, estimates, key) from None
    if options.json:
        terminal.body(answer.json)
        return
    assert answer.version is not None
    about = msgspec.json.decode(answer.json, type=Explanation)
    _show(about, estimates.contract_of(answer.version))


def _with_hint(
    error: NotFoundError, estimates: EstimateSet | RemoteSet, key: tuple[str, ...]
) -> NotFoundError:
    """The error for a key that a version does not have, with the newest version that has it."""
    if error.code not in get_args(KeyStatus):
        return error
    try:
        history = estimates.history(*key, fields=[]).body["history"]
    except EstimatesError:
        return error
    having = [
        entry["version"]
        for entry in history
        if entry["estimate"] is not None and entry["state"] != "refused"
    ]
    if not having:
        return error
    hint = f"the newest version that has it is {having[-1]}: --ref {having[-1]}"
    return NotFoundError(error.code, f"{error.message}; {hint}", **error.details)


def _show(about: Explanation, contract: Contract) -> None:
    main = contract.main
    estimate = msgspec.json.decode(about.estimate)
    _show_value(about, estimate, contract, main)
    _show_before(about, estimate, contract, main)
    _show_run(about)
    _show_verdict(about)
    _show_events(about)
    _show_accuracy(about)
    terminal.section("more")
    pairs: list[tuple[str, cells.Cell]] = [
        ("every version", f"estimates history {about.set} {shlex.join(about.key)}")
    ]
    older = next((entry.version for entry in about.previous if entry.state != "refused"), None)
    if older is not None:
        pairs.append(("every key", f"estimates diff {about.set} {older} {about.version}"))
    terminal.pairs(pairs)


def _show_value(
    about: Explanation, estimate: dict[str, Any], contract: Contract, main: str
) -> None:
    def with_unit(name: str) -> str:
        return f"{_number(estimate[name])}{_unit(contract, name)}"

    terminal.line(f"{about.set} {'/'.join(about.key)}: {main} {with_unit(main)}", "bold")
    intervals = contract.intervals()
    ends = {name for interval in intervals for name in (interval.lower, interval.upper)}
    ends |= {*contract.samples}  # their quantiles stand here
    terminal.pairs(
        [
            *(
                (
                    f"{100 * interval.level:g} % of {interval.point or 'it'}",
                    f"{_number(estimate[interval.lower])} … {_number(estimate[interval.upper])}",
                )
                for interval in intervals
            ),
            *((name, with_unit(name)) for name in contract.columns if name not in {*ends, main}),
            ("from", f"version {about.version}, {_state(about)}"),
            ("data through", cells.instant(about.data_through)),
            ("newest data", _newest_data(about)),
            ("published", cells.instant(about.published_at)),
            ("claimed release", cells.instant(about.released_at) or None),
        ]
    )


def _show_before(
    about: Explanation, estimate: dict[str, Any], contract: Contract, main: str
) -> None:
    entries = [
        (entry, entry.estimate) for entry in reversed(about.previous) if entry.estimate is not None
    ]
    if not entries:
        terminal.section("before it")
        of_its_shape = " of its shape" if about.not_compared else ""
        terminal.line(
            f"  no version{of_its_shape} shown here has this key: this is its first value"
        )
    else:
        terminal.section(f"what the versions before said of {main}")
        rows = [*entries, (about, estimate)]
        values = [cells.real_number(row[main]) for _, row in rows]
        refused = [entry.state == "refused" for entry, _ in rows]
        before = values_before(values, refused)
        points = contract.percentage_points(main)
        changes = cells.changes_with_bars(before, values, refused, points)
        terminal.table(
            ["version", "state", "data through", cells.column_title(main, contract), "change"],
            [
                [
                    *(entry.version, entry.state, cells.instant(entry.data_through)),
                    *(cells.number(value), change),
                ]
                for (entry, _), value, change in zip(rows, values, changes, strict=True)
            ],
        )
        chain = msgspec.json.decode(about.chain)
        if chain.get(main, {}).get("n"):
            terminal.pairs(chain_pairs(chain[main], contract.percentage_points(main)))
    others = about.not_compared
    if others:
        verb = "is" if others == 1 else "are"
        versions = wording.count(others, "version")
        terminal.line(f"  {versions} of another shape {verb} not compared", "dim")


def _show_run(about: Explanation) -> None:
    run = about.run
    terminal.section("the run that made it")
    steps = [run.run_id, run.status]
    if run.started_at is not None and run.finished_at is not None:
        steps.append(f"took {cells.duration(run.finished_at - run.started_at)}")
    job = run.job and f"{run.job}, code {_short(run.code)}, seed {run.seed}"
    parameters = ", ".join(f"{name}={value}" for name, value in run.parameters.items())
    terminal.pairs(
        [
            ("run", ", ".join(filter(None, steps))),
            ("job", job),
            ("commit", run.commit),
            ("parameters", parameters or None),
            *(("input", _input(source)) for source in about.inputs),
            *(("warning", warning) for warning in run.warnings),
            ("MLflow run", run.mlflow_run),
            ("snapshot", _short(about.snapshot_id)),
        ]
    )


def _show_verdict(about: Explanation) -> None:
    verdict = about.verdict
    terminal.section("the gate")
    if verdict is None:
        terminal.line("  not judged yet")
        return
    baseline = verdict.baseline
    against = "nothing before it" if baseline is None else f"version {baseline}"
    counts = ", ".join(f"{n} {status}" for status, n in verdict.counts.items() if n)
    terminal.pairs(
        [
            ("outcome", f"{verdict.outcome} against {against}: {counts}"),
            ("judged", cells.instant(verdict.judged_at)),
        ]
    )
    for check in verdict.findings:
        terminal.line(
            f"  {check.status:<7} {check.number} {check.name}: {check.message or check.title}",
            _COLOURS.get(check.status),
        )
        for detail in check.about_key:
            terminal.line(f"          of this key: {detail}")
        for waiver in verdict.waivers:
            if waiver.id in check.waived_by:
                terminal.line(
                    f"          waiver {waiver.id} by {waiver.actor} until "
                    f"{cells.instant(waiver.until)}: {waiver.reason}"
                )


def _show_events(about: Explanation) -> None:
    terminal.section("promotions and waivers")
    if not about.events:
        terminal.line("  it was never promoted")
        return
    terminal.records(
        [
            {
                "when": cells.instant(event.at),
                "what": _event(event),
                "who": event.who,
                "why": event.reason or ("by its run" if event.automatic else ""),
            }
            for event in about.events
        ]
    )


def _show_accuracy(about: Explanation) -> None:
    terminal.section("accuracy so far")
    accuracy = about.accuracy
    if accuracy is None:
        terminal.line(
            f"  no actual values were scored yet: estimates score {about.set} --actuals FILE"
        )
        return
    columns = accuracy.columns
    levels = sorted({level for column in columns.values() for level in column.all.covered})
    rows = [
        [
            *(name, label, part.n, wording.number(part.mae), wording.number(part.bias)),
            *(_coverage(part, level) for level in levels),
        ]
        for name, column in columns.items()
        for label, part in (
            ("all keys", column.all),
            *(
                (f"{key} {'null' if part.value is None else part.value}", part)
                for key, part in column.alike.items()
            ),
        )
    ]
    covered = [f"in its {100 * float(level):g} %" for level in levels]
    terminal.table(["column", "of", "n", "mean abs. error", "bias", *covered], rows)
    terminal.line(
        f"  {accuracy.versions} versions, the last is {accuracy.last}; scored "
        f"{cells.instant(accuracy.scored_at)}"
    )


def _coverage(part: Slice, level: str) -> str | None:
    covered = part.covered.get(level)
    return None if covered is None else wording.percent(covered.share)


def _state(about: Explanation) -> str:
    state = about.state.replace("_", " ")
    if not about.production:
        return f"{state}: it was never in production"
    last = about.production[-1]
    until = "" if last.to is None else f" to {cells.instant(last.to)}"
    return f"{state}; in production from {cells.instant(last.from_)}{until}"


def _event(event: Event) -> str:
    details = event.details
    if event.kind == "waived":
        return f"waived: {details['check']} until {details['until']}"
    if event.kind == "unwaived":
        return f"waiver {details['waiver']} of {details['check']} taken back"
    move = f"{event.alias} {event.from_version or 'nothing'} → {event.version}"
    approved = details.get("approved_by", [])
    by = f", asked by {details['asked_by']}, approved by {', '.join(approved)}" if approved else ""
    return f"{event.kind.replace('_', ' ')}: {move}{by}"


def _input(source: InputDigest) -> str:
    rows = "" if source.rows is None else f", {source.rows:,} rows"
    version = "" if source.version is None else f" version {source.version}"
    newest = "" if source.newest is None else f", newest of {cells.instant(source.newest)}"
    what = f"{source.source}{version}{rows}{newest}"
    return f"{source.name}: {what}, sha256 {_short(source.digest)}"


def _newest_data(about: Explanation) -> str | None:
    """How new the data are, where they do not go as far as the run could see."""
    newest = min((entry.newest for entry in about.inputs if entry.newest), default=None)
    behind = newest is not None and newest < about.data_through
    return cells.instant(newest) if behind else None


def _number(value: Any) -> str:
    if isinstance(value, float):
        return wording.number(value)
    return "–" if value is None else str(value)


def _unit(contract: Contract, name: str) -> str:
    unit = contract.columns[name].unit
    return f" {unit}" if unit else ""


def _short(digest: str | None) -> str:
    return "unknown" if digest is None else digest[:12]
