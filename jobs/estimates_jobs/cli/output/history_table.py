"""One key through the versions as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from estimates.accuracy.accuracy_text import usual_levels
from estimates.contract.contract import Contract
from estimates.contract.roles import OF_POINT
from estimates.reading.answer import Answer
from estimates.render.change_text import moved
from estimates.render.wording import count
from estimates_jobs.cli.output import cells, terminal
from estimates_jobs.cli.output.chain_text import show_chain, values_before

if TYPE_CHECKING:
    import polars as pl

_COLUMNS = 8  # of estimates that a table has room for


def show_history(
    answer: Answer,
    contract: Contract,
    fields: Sequence[str] | None = None,
    left_out: str | None = None,
    within: str = "",
) -> None:
    """Print a history as a table of some fields, and its chain.

    fields    default: the estimates, without the columns that they carry along; of many those that
              stand for them
    left_out  a line that says which versions are not shown at all
    within    which versions were looked at, in words; nothing for all of them
    The change is of the main column, else of the first, from the last version before that was not
    refused.
    Versions before the first that has the key and after the last one are only counted.
    """
    versions = answer.body["history"]
    key = "/".join(answer.body["key"])
    terminal.line(f"{answer.set} {key}, {count(len(versions), 'version')}", "bold")
    if left_out is not None:
        terminal.line(left_out, "dim")
    if "expired" in answer.body:
        terminal.line(_expired(answer.body["expired"]), "dim")
    if "erased" in answer.body:
        erased = answer.body["erased"]
        terminal.line(f"erased at {erased['at'][:19]}Z by {erased['actor']} ({erased['reason']})")
        return
    having = [i for i, entry in enumerate(versions) if entry["estimate"] is not None]
    if not having:
        of_this_shape = "" if left_out is None else " of this shape"
        terminal.line(f"no version{of_this_shape}{within} has this key")
        return
    entries = versions[having[0] : having[-1] + 1]
    _show_entries(entries, contract, fields)
    after = len(versions) - 1 - having[-1]
    if having[0] or after:
        terminal.line(
            f"without this key: {having[0]} versions before these, {after} after them", "dim"
        )
    show_chain(answer.body.get("chain", {}), contract, fields)


def history_frame(answer: Answer, contract: Contract) -> pl.DataFrame:
    """The table of a history for a page: the main column with its unit, and its change from the
    last version before that was not refused.
    """
    from polars import Series

    frame = answer.frame(contract)
    main = next((name for name in (contract.main, *contract.judged) if name in frame.columns), None)
    if main is None:
        return frame
    values = list(map(cells.real_number, frame[main].to_list()))
    refused = [state == "refused" for state in frame["state"].to_list()]
    points = contract.percentage_points(main)
    pairs = zip(values_before(values, refused), values, strict=True)
    changes = [moved(old, new, points) or None for old, new in pairs]
    if any(changes):
        frame = frame.with_columns(Series(f"change of {main}", changes))
    return frame.rename({main: cells.column_title(main, contract)})


def _expired(expired: Sequence[dict[str, Any]]) -> str:
    """A line about the versions whose files are gone."""
    last = expired[-1]
    because = f" ({last['reason']})" if last["reason"] else ""
    gone = f"{count(len(expired), 'version')} expired"
    return f"{gone}, the last {last['version']} at {last['at'][:19]}Z{because}"


def _show_entries(
    entries: list[dict[str, Any]], contract: Contract, fields: Sequence[str] | None
) -> None:
    estimates = [entry["estimate"] or {} for entry in entries]
    columns = [
        name
        for name in cells.present_columns(estimates, contract)
        if fields is not None or name in contract.judged
    ]
    folded = fields is None and len(columns) > _COLUMNS
    if folded:
        columns = _standing_for(columns, contract)
    wanted = [contract.main, *contract.judged]
    main = next((name for name in wanted if name in columns), None)
    values = [None if main is None else cells.real_number(row.get(main)) for row in estimates]
    refused = [entry["state"] == "refused" for entry in entries]
    points = None if main is None else contract.percentage_points(main)
    changes = cells.changes_with_bars(values_before(values, refused), values, refused, points)
    times = {"published_at": "published", "released_at": "claimed release"}
    if "released_at" not in entries[0]:
        del times["released_at"]
    times["data_through"] = "data through"
    rows = [
        [
            *(entry[name] for name in ("version", "state")),
            *(cells.instant_of(entry[name]) for name in times),
            *(
                None if entry["estimate"] is None else cells.number(row.get(name))
                for name in columns
            ),
            change,
        ]
        for entry, row, change in zip(entries, estimates, changes, strict=True)
    ]
    titles = [cells.column_title(name, contract) for name in columns]
    header = ["version", "state", *times.values(), *titles]
    terminal.table(
        [*header, f"change of {main}" if main else "change"],
        rows,
        optional=["published", "state", *cells.less_needed(columns, contract), "claimed release"],
    )
    if folded:
        terminal.line("more columns: --fields NAMES, or --format json for all", "dim")


def _standing_for(columns: list[str], contract: Contract) -> list[str]:
    """Of many columns the points, labels and probabilities, the main one, and the ends of its
    narrowest and widest interval of the usual levels.
    """
    intervals = [i for i in contract.all_intervals() if i.lower in columns and i.upper in columns]
    usual = usual_levels([interval.level for interval in intervals])
    drawn = [i for i in intervals if i.level in (usual[0], usual[-1])] if usual else []
    ends = {name for interval in drawn for name in (interval.lower, interval.upper)}
    return [
        name
        for name in columns
        if name in ends or name == contract.main or contract.columns[name].role not in OF_POINT
    ]
