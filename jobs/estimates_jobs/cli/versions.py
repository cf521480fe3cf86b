"""`estimates versions`: the versions of a set."""

from __future__ import annotations

from typing import Any

import msgspec

from estimates.catalog.records import Version
from estimates.catalog.set_view import SetView
from estimates.catalog.view import View
from estimates_jobs.cli.interface.command import Options, command, set_argument
from estimates_jobs.cli.output import cells, terminal
from estimates_jobs.cli.output.set_status import last_verdict
from estimates_jobs.cli.output.waiver_table import active_waivers_of


@command(
    "estimates versions sp500-close",
    "estimates versions sp500-close --format json",
    "estimates versions sp500-close --format csv",
    forms=("csv",),
)
@set_argument
def versions(options: Options, set_name: str) -> None:
    """The versions of a set, newest first, each with its state.

    A state is the first of these that is true: expired, production, rolled_back, superseded (was
    production), refused (its newest verdict blocks), candidate (it passes), unjudged.
    """
    view = options.open(over_http=f"/v1/sets/{set_name}/versions").view()
    estimate_set = view.set(set_name)
    rows = [_describe(view, estimate_set, v) for v in reversed(estimate_set.versions)]
    if options.json:
        terminal.json({"set": set_name, "versions": rows})
    elif options.csv:
        terminal.csv(rows, no_formulas=options.no_formulas)
    elif rows:
        _show(rows)
    else:
        terminal.line(f"{set_name} has no versions yet")


def _describe(view: View, estimate_set: SetView, version: Version) -> dict[str, Any]:
    """A version as JSON has it: its record, and what the log says of it."""
    verdict = last_verdict(estimate_set, version.version)
    record = msgspec.structs.asdict(version)
    provenance = record.pop("provenance")
    return {
        "version": record.pop("version"),
        "state": view.state(version),
        "verdict": verdict and verdict.details["outcome"],
        "data_through": version.data_through,
        "run_id": provenance.run_id,
        "tracked": version.mlflow_run is not None,
        "waivers": active_waivers_of(view, version),
        "legal_holds": estimate_set.holds_on(version) if version.expired_at is None else [],
        "expiry": estimate_set.expiries.get(version.version),
        "provenance": provenance,
    } | record


def _show(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        row["waived"] = ", ".join(dict.fromkeys(waiver.check for waiver in row["waivers"]))
        row["held"] = ", ".join(str(hold.id) for hold in row["legal_holds"])
    titles = {
        "version": "version",
        "state": "state",
        "verdict": "verdict",
        "published_at": "published",
        "released_at": "claimed release",
        "waived": "waived",
        "held": "legal hold",
        "data_through": "data through",
        "rows": "rows",
        "shape": "shape",
        "tracked": "MLflow",
        "run_id": "run",
    }
    for column in ("released_at", "waived", "held"):
        if not any(row[column] for row in rows):
            del titles[column]
    terminal.records(
        [{title: cells.plain(row[name]) for name, title in titles.items()} for row in rows],
        optional=["MLflow", "shape", "run", "rows", "claimed release", "published"],
    )
