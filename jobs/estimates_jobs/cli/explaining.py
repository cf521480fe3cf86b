"""The command that says why an estimate is what it is: one page for whoever is on call."""

from __future__ import annotations

import shlex
from datetime import datetime
from typing import TYPE_CHECKING, Any, get_args

import click

from estimates import instants
from estimates.contract.contract import Contract
from estimates.errors import EstimatesError, NotFoundError
from estimates.gate.verdict import Status
from estimates.reading.version_reader import KeyStatus
from estimates.render import wording
from estimates_jobs.cli import show
from estimates_jobs.cli.chains import facts, values_before
from estimates_jobs.cli.command import Options, command

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
@click.argument("set_name", metavar="SET")
@click.argument("key", metavar="KEY...", nargs=-1, required=True)
@click.option(
    "--ref", default="production", show_default=True, help="Version number, alias, or latest."
)
@click.option(
    "--as-of", metavar="TIME", help="What the ref named at this time, such as 2026-11-24T16:00:00Z."
)
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
        show.body(answer.json)
        return
    version = answer.version
    assert version is not None
    show_explanation(answer.body, estimates.contract_of(version))


def _with_hint(
    error: NotFoundError, estimates: EstimateSet | RemoteSet, key: tuple[str, ...]
) -> NotFoundError:
    """For a key that the version asked does not have: which is the newest that has it."""
    if error.code not in get_args(KeyStatus):
        return error
    try:
        told = estimates.history(*key, fields=[]).body["history"]
    except EstimatesError:
        return error
    having = [
        one["version"] for one in told if one["estimate"] is not None and one["state"] != "refused"
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
    name, number = body["set"], body["version"]
    older = next((one["version"] for one in body["previous"] if one["state"] != "refused"), None)
    _section("more")
    pairs: list[tuple[str, show.Cell]] = [
        ("every version", f"estimates history {name} {_words(body['key'])}")
    ]
    if older is not None:
        pairs.append(("every key", f"estimates diff {name} {older} {number}"))
    show.facts(pairs)


def _show_value(body: dict[str, Any], contract: Contract, main: str) -> None:
    estimate = body["estimate"]
    show.line(
        f"{body['set']} {'/'.join(body['key'])}: {main} "
        f"{_number(estimate[main])}{_unit(contract, main)}",
        "bold",
    )
    ends = {name for interval in contract.intervals() for name in (interval.lower, interval.upper)}
    show.facts(
        [
            *(
                (
                    f"{100 * one.level:g} % of {one.point or 'it'}",
                    _between(estimate[one.lower], estimate[one.upper]),
                )
                for one in contract.intervals()
            ),
            *(
                (name, f"{_number(estimate[name])}{_unit(contract, name)}")
                for name in contract.columns
                if name not in ends and name != main
            ),
            ("from", f"version {body['version']}, {_state(body)}"),
            ("data through", show.when(_time(body["data_through"]))),
            ("published", show.when(_time(body["published_at"]))),
            ("claimed release", body["released_at"]),
        ]
    )


def _show_before(body: dict[str, Any], contract: Contract, main: str) -> None:
    told = [*reversed(body["previous"]), body]
    have = [one for one in told if one["estimate"] is not None]
    if len(have) == 1:
        _section("before it")
        of_its_shape = " of its shape" if body["not_compared"] else ""
        show.line(f"  no version{of_its_shape} told of here has this key: this is its first value")
        _show_not_compared(body)
        return
    _section(f"what the versions before said of {main}")
    values = [_plain(one["estimate"][main]) for one in have]
    before = values_before(have, values)
    moves = [None if a is None or b is None else b - a for a, b in zip(before, values, strict=True)]
    changes = [show.change(a, b) for a, b in zip(before, values, strict=True)]
    rows: list[list[show.Cell]] = [
        [
            one["version"],
            one["state"],
            one["data_through"],
            show.number(value),
            f"{changed:>8} {bar}".rstrip(),
        ]
        for one, value, changed, bar in zip(have, values, changes, show.bars(moves), strict=True)
    ]
    show.table(
        ["version", "state", "data through", f"{main}{_unit(contract, main)}", "change"], rows
    )
    if body["chain"].get(main, {}).get("n"):
        show.facts(facts(body["chain"][main]))
    _show_not_compared(body)


def _show_not_compared(body: dict[str, Any]) -> None:
    left_out = body["not_compared"]
    if left_out:
        verb = "is" if left_out == 1 else "are"
        show.line(
            f"  {wording.count(left_out, 'version')} of another shape {verb} not compared", "dim"
        )


def _show_run(body: dict[str, Any]) -> None:
    run = body["run"]
    _section("the run that made it")
    took = None
    if run["started_at"] is not None and run["finished_at"] is not None:
        took = show.age(_time(run["finished_at"]) - _time(run["started_at"]))
    parameters = ", ".join(f"{name}={value}" for name, value in run["parameters"].items())
    show.facts(
        [
            ("run", ", ".join(part for part in (run["run_id"], run["status"], took and f"took {took}") if part)),
            ("job", None if run["job"] is None else f"{run['job']}, code {_short(run['code'])}, "
                                                    f"seed {run['seed']}"),
            ("parameters", parameters or None),
            *(("input", _input(one)) for one in body["inputs"]),
            *(("warning", warning) for warning in run["warnings"]),
            ("MLflow run", run["mlflow_run"]),
            ("snapshot", _short(body["snapshot_id"])),
        ]
    )  # fmt: skip


def _show_verdict(body: dict[str, Any]) -> None:
    verdict = body["verdict"]
    _section("the gate")
    if verdict is None:
        show.line("  not judged yet")
        return
    against = (
        "nothing before it" if verdict["baseline"] is None else f"version {verdict['baseline']}"
    )
    counts = ", ".join(
        f"{number} {status}" for status, number in verdict["counts"].items() if number
    )
    show.facts(
        [
            ("outcome", f"{verdict['outcome']} against {against}: {counts}"),
            ("judged", verdict["judged_at"]),
        ]
    )
    for check in verdict["findings"]:
        text = f"  {check['status']:<7} {check['number']} {check['name']}: {check['message'] or check['title']}"
        show.line(text, _COLOURS.get(check["status"]))
        for detail in check["about_key"]:
            show.line(f"          of this key: {detail}")
        for one in (one for one in verdict["waivers"] if one["id"] in check["waived_by"]):
            show.line(
                f"          waiver {one['id']} by {one['actor']} until {one['until']}: "
                f"{one['reason']}"
            )


def _show_events(body: dict[str, Any]) -> None:
    _section("promotions and waivers")
    if not body["events"]:
        show.line("  it was never promoted")
        return
    rows: list[list[show.Cell]] = [
        [
            event["at"],
            _event(event),
            event["actor"],
            event.get("reason") or ("by its run" if event.get("automatic") else ""),
        ]
        for event in body["events"]
    ]
    show.table(["when", "what", "who", "why"], rows)


def _show_accuracy(body: dict[str, Any], main: str) -> None:
    _section("accuracy so far")
    accuracy = body["accuracy"]
    if accuracy is None:
        show.line(
            f"  no actual values were scored yet: estimates score {body['set']} --actuals FILE"
        )
        return
    rows: list[list[show.Cell]] = []
    for name, column in accuracy["columns"].items():
        slices = [
            ("all keys", column["all"]),
            *((f"{k} {one['value']}", one) for k, one in column["alike"].items()),
        ]
        rows += [[name, of, one["n"], *_losses(one)] for of, one in slices]
    levels = sorted(
        {
            level
            for column in accuracy["columns"].values()
            for level in column["all"].get("covered", {})
        }
    )
    covered = [f"in its {100 * float(level):g} %" for level in levels]
    for row, one in zip(rows, _slices(accuracy), strict=True):
        found = one.get("covered", {})
        row += [f"{found[level]['share']:.1%}" if level in found else None for level in levels]
    show.table(["column", "of", "n", "mean abs. error", "bias", *covered], rows)
    show.line(
        f"  {accuracy['versions']} versions, the last is {accuracy['last']}; scored "
        f"{accuracy['scored_at']}"
    )


def _slices(accuracy: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        one
        for column in accuracy["columns"].values()
        for one in (column["all"], *column["alike"].values())
    ]


def _losses(one: dict[str, Any]) -> list[show.Cell]:
    return [_number(one.get("mae")), _number(one.get("bias"))]


def _section(title: str) -> None:
    show.line()
    show.line(title, "bold")


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
    moved = f"{event['alias']} {event.get('from_version') or 'nothing'} → {event['version']}"
    return f"{event['kind'].replace('_', ' ')}: {moved}"


def _input(one: dict[str, Any]) -> str:
    rows = "" if one["rows"] is None else f", {one['rows']:,} rows"
    return f"{one['name']}: {one['source']}{rows}, sha256 {_short(one['digest'])}"


def _between(lower: Any, upper: Any) -> str:
    return f"{_number(lower)} … {_number(upper)}"


def _number(value: Any) -> str:
    if isinstance(value, float):
        return wording.number(value)
    return "–" if value is None else str(value)


def _plain(value: Any) -> float | int | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _unit(contract: Contract, name: str) -> str:
    unit = contract.columns[name].unit
    return f" {unit}" if unit else ""


def _short(digest: str | None) -> str:
    return "unknown" if digest is None else digest[:12]


def _time(text: str) -> datetime:
    return instants.parse(text)


def _words(key: list[str]) -> str:
    return shlex.join(key)
