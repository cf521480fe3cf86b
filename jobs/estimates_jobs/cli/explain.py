"""`estimates explain`: why an estimate is what it is, one page for whoever is on call."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, get_args

import click

from estimates import instants
from estimates.contract.contract import Contract
from estimates.errors import EstimatesError, NotFoundError
from estimates.gate.verdict import Status
from estimates.reading.version_reader import KeyStatus
from estimates.render import wording
from estimates_jobs.cli.interface.command import command
from estimates_jobs.cli.interface.options import (
    Options,
    as_of_option,
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
    "explain",
    examples=(
        "estimates explain sp500-close AAPL 2022-12-20",
        "estimates explain sp500-close AAPL 2022-12-20 --ref 3",
        "estimates explain sp500-close AAPL 2022-12-20 --as-of 2026-11-24T16:00:00Z   # what was "
        "served then",
        "estimates explain sp500-close AAPL 2022-12-20 --format json | jq .run",
    ),
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
        terminal.raw(answer.json)
        return
    version = answer.version
    assert version is not None
    show_explanation(answer.body, estimates.contract_of(version))


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


def show_explanation(body: dict[str, Any], contract: Contract) -> None:
    """Print an `Explanation`."""
    main = next(iter([*contract.points, *contract.judged]))
    _show_value(body, contract, main)
    _show_before(body, contract, main)
    _show_run(body)
    _show_verdict(body)
    _show_events(body)
    _show_accuracy(body, main)
    terminal.section("more")
    name = body["set"]
    pairs: list[tuple[str, cells.Cell]] = [
        ("every version", f"estimates history {name} {shlex.join(body['key'])}")
    ]
    older = next((e["version"] for e in body["previous"] if e["state"] != "refused"), None)
    if older is not None:
        pairs.append(("every key", f"estimates diff {name} {older} {body['version']}"))
    terminal.pairs(pairs)


def _show_value(body: dict[str, Any], contract: Contract, main: str) -> None:
    estimate = body["estimate"]

    def with_unit(name: str) -> str:
        return f"{_number(estimate[name])}{_unit(contract, name)}"

    terminal.line(f"{body['set']} {'/'.join(body['key'])}: {main} {with_unit(main)}", "bold")
    intervals = contract.intervals()
    ends = {name for interval in intervals for name in (interval.lower, interval.upper)}
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
            ("from", f"version {body['version']}, {_state(body)}"),
            ("data through", _in_full(body["data_through"])),
            ("published", _in_full(body["published_at"])),
            ("claimed release", body["released_at"]),
        ]
    )


def _show_before(body: dict[str, Any], contract: Contract, main: str) -> None:
    entries = [e for e in (*reversed(body["previous"]), body) if e["estimate"] is not None]
    if len(entries) == 1:
        terminal.section("before it")
        of_its_shape = " of its shape" if body["not_compared"] else ""
        terminal.line(
            f"  no version{of_its_shape} told of here has this key: this is its first value"
        )
    else:
        terminal.section(f"what the versions before said of {main}")
        values = [cells.real_number(entry["estimate"][main]) for entry in entries]
        before = values_before(entries, values)
        changes = cells.changes_with_bars(before, values, [False] * len(values))
        rows: list[list[cells.Cell]] = [
            [
                *(entry[name] for name in ("version", "state", "data_through")),
                cells.number(value),
                change,
            ]
            for entry, value, change in zip(entries, values, changes, strict=True)
        ]
        header = ["version", "state", "data through", f"{main}{_unit(contract, main)}", "change"]
        terminal.table(header, rows)
        if body["chain"].get(main, {}).get("n"):
            terminal.pairs(chain_pairs(body["chain"][main]))
    others = body["not_compared"]
    if others:
        verb = "is" if others == 1 else "are"
        versions = wording.count(others, "version")
        terminal.line(f"  {versions} of another shape {verb} not compared", "dim")


def _show_run(body: dict[str, Any]) -> None:
    run = body["run"]
    terminal.section("the run that made it")
    steps = [run["run_id"], run["status"]]
    if run["started_at"] is not None and run["finished_at"] is not None:
        took = instants.parse(run["finished_at"]) - instants.parse(run["started_at"])
        steps.append(f"took {cells.duration(took)}")
    job = run["job"] and f"{run['job']}, code {_short(run['code'])}, seed {run['seed']}"
    parameters = ", ".join(f"{name}={value}" for name, value in run["parameters"].items())
    terminal.pairs(
        [
            ("run", ", ".join(filter(None, steps))),
            ("job", job),
            ("parameters", parameters or None),
            *(("input", _input(source)) for source in body["inputs"]),
            *(("warning", warning) for warning in run["warnings"]),
            ("MLflow run", run["mlflow_run"]),
            ("snapshot", _short(body["snapshot_id"])),
        ]
    )


def _show_verdict(body: dict[str, Any]) -> None:
    verdict = body["verdict"]
    terminal.section("the gate")
    if verdict is None:
        terminal.line("  not judged yet")
        return
    baseline = verdict["baseline"]
    against = "nothing before it" if baseline is None else f"version {baseline}"
    counts = ", ".join(f"{n} {status}" for status, n in verdict["counts"].items() if n)
    terminal.pairs(
        [
            ("outcome", f"{verdict['outcome']} against {against}: {counts}"),
            ("judged", verdict["judged_at"]),
        ]
    )
    for check in verdict["findings"]:
        status, message = check["status"], check["message"] or check["title"]
        terminal.line(
            f"  {status:<7} {check['number']} {check['name']}: {message}", _COLOURS.get(status)
        )
        for detail in check["about_key"]:
            terminal.line(f"          of this key: {detail}")
        for waiver in verdict["waivers"]:
            if waiver["id"] in check["waived_by"]:
                terminal.line(
                    f"          waiver {waiver['id']} by {waiver['actor']} until "
                    f"{waiver['until']}: {waiver['reason']}"
                )


def _show_events(body: dict[str, Any]) -> None:
    terminal.section("promotions and waivers")
    if not body["events"]:
        terminal.line("  it was never promoted")
        return
    rows: list[list[cells.Cell]] = [
        [
            event["at"],
            _event(event),
            event["actor"],
            event.get("reason") or ("by its run" if event.get("automatic") else ""),
        ]
        for event in body["events"]
    ]
    terminal.table(["when", "what", "who", "why"], rows)


def _show_accuracy(body: dict[str, Any], main: str) -> None:
    terminal.section("accuracy so far")
    accuracy = body["accuracy"]
    if accuracy is None:
        terminal.line(
            f"  no actual values were scored yet: estimates score {body['set']} --actuals FILE"
        )
        return
    columns = accuracy["columns"]
    slices = [
        (name, label, part)
        for name, column in columns.items()
        for label, part in (
            ("all keys", column["all"]),
            *((f"{key} {part['value']}", part) for key, part in column["alike"].items()),
        )
    ]
    levels = sorted({level for c in columns.values() for level in c["all"].get("covered", {})})
    rows = [
        [name, label, part["n"], _number(part.get("mae")), _number(part.get("bias"))]
        + [_coverage(part, level) for level in levels]
        for name, label, part in slices
    ]
    covered = [f"in its {100 * float(level):g} %" for level in levels]
    terminal.table(["column", "of", "n", "mean abs. error", "bias", *covered], rows)
    terminal.line(
        f"  {accuracy['versions']} versions, the last is {accuracy['last']}; scored "
        f"{accuracy['scored_at']}"
    )


def _coverage(part: dict[str, Any], level: str) -> str | None:
    covered = part.get("covered", {}).get(level)
    return covered and f"{covered['share']:.1%}"


def _state(body: dict[str, Any]) -> str:
    state = body["state"].replace("_", " ")
    spans = body["production"]
    if not spans:
        return f"{state}: it was never in production"
    last = spans[-1]
    until = "" if last["to"] is None else f" to {last['to']}"
    return f"{state}; in production from {last['from']}{until}"


def _event(event: dict[str, Any]) -> str:
    if event["kind"] == "waived":
        return f"waived: {event['details']['check']} until {event['details']['until']}"
    if event["kind"] == "unwaived":
        return f"waiver {event['details']['waiver']} of {event['details']['check']} taken back"
    move = f"{event['alias']} {event.get('from_version') or 'nothing'} → {event['version']}"
    return f"{event['kind'].replace('_', ' ')}: {move}"


def _input(source: dict[str, Any]) -> str:
    rows = "" if source["rows"] is None else f", {source['rows']:,} rows"
    return f"{source['name']}: {source['source']}{rows}, sha256 {_short(source['digest'])}"


def _number(value: Any) -> str:
    if isinstance(value, float):
        return wording.number(value)
    return "–" if value is None else str(value)


def _unit(contract: Contract, name: str) -> str:
    unit = contract.columns[name].unit
    return f" {unit}" if unit else ""


def _short(digest: str | None) -> str:
    return "unknown" if digest is None else digest[:12]


def _in_full(text: str) -> str:
    return cells.instant(instants.parse(text))
