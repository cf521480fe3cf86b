"""What a person sees of an answer first: a title, and its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from estimates.render.notebook import cell_text
from estimates.render.wording import count

Row = dict[str, Any]

_NUMBERS = 6  # of an estimate that is explained
_BEFORE = 3  # versions before it
_TIMES = ("published_at", "released_at", "data_through")


def title_of(set_name: str, version: int | None, body: Mapping[str, Any]) -> str:
    """Which set, and which version or key."""
    if "history" in body:
        return f"{set_name} {'/'.join(body['key'])}"
    if "previous" in body:
        return f"{set_name} {'/'.join(body['key'])}: version {version}, {_state(body)}"
    return set_name if version is None else f"{set_name} version {version}"


def rows_of(body: Mapping[str, Any]) -> list[Row]:
    """The rows of an answer as tables show them."""
    if "history" in body:
        return [_of_history(entry, len(body["key"])) for entry in body["history"]]
    if "results" in body:
        return _of_batch(body["results"])
    if "changes" in body:
        return [_of_change(change) for change in body["changes"]]
    rows = body.get("estimates")
    return rows if rows is not None else [body.get("estimate", body)]


def explained(body: Mapping[str, Any]) -> list[tuple[str, str]] | None:
    """Names and texts of what an explanation says in short; None of any other answer."""
    if "previous" not in body:
        return None
    estimate = body["estimate"]
    names = [*estimate][len(body["key"]) :]
    pairs = [(n, cell_text(estimate[n])) for n in names[:_NUMBERS] if estimate[n] is not None]
    left = len(names) - _NUMBERS
    pairs += [("…", f"{left} more columns")] if left > 0 else []
    before = [
        f"version {entry['version']} {cell_text(entry['estimate'][names[0]])}"
        for entry in body["previous"]
        if entry["estimate"] is not None and entry["state"] != "refused" and names
    ]
    pairs += [(f"{names[0]} before", ", ".join(before[:_BEFORE]))] if before else []
    return [*pairs, *_origin(body), *_decisions(body)]


def _state(body: Mapping[str, Any]) -> str:
    return ", ".join(body["aliases"]) or str(body["state"]).replace("_", " ")


def _of_history(entry: Mapping[str, Any], parts: int) -> Row:
    """Without the key, which is that of all; a claimed release beside the time of publication."""
    about = {"version": entry["version"], "state": entry["state"].replace("_", " ")}
    estimate = [*(entry["estimate"] or {}).items()]
    return about | {n: entry[n] for n in _TIMES if n in entry} | dict(estimate[parts:])


def _of_batch(results: Sequence[Mapping[str, Any]]) -> list[Row]:
    """A key without an estimate stands in the columns of the others' keys."""
    names = next((list(r["estimate"]) for r in results if "estimate" in r), None)
    return [
        {"status": r["status"]}
        | (r.get("estimate") or _key(r["key"], names))
        | ({"last_version": r["last_version"]} if "last_version" in r else {})
        for r in results
    ]


def _key(key: Sequence[str], names: Sequence[str] | None) -> Row:
    if names is None:
        return {"key": "/".join(key)}
    return dict(zip(names, key, strict=False))


def _of_change(change: Mapping[str, Any]) -> Row:
    """The key, what happened to it, and old and new value of the first estimate."""
    columns: Mapping[str, Mapping[str, Any]] = change["columns"]
    numbers = [name for name, of in columns.items() if "d" in of]
    main = next(iter(numbers), next(iter(columns), None))
    row = {"key": "/".join(change["key"]), "change": change["change"].replace("_", " ")}
    if main is None:
        return row
    of = columns[main]
    row |= {f"old {main}": of.get("a"), f"new {main}": of.get("b")}
    return row | ({"new − old": of["d"]} if "d" in of else {})


def _origin(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    run = body["run"]
    words = [run["run_id"], run.get("status"), run.get("job") and f"job {run['job']}"]
    pairs = [("run", ", ".join(filter(None, words)))]
    inputs = [
        entry["name"]
        + (f" with data until {cell_text(entry['newest'])}" if entry.get("newest") else "")
        for entry in body["inputs"]
    ]
    return pairs + ([("inputs", ", ".join(inputs))] if inputs else [])


def _decisions(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    verdict, events = body["verdict"], body["events"]
    gate = "not judged yet"
    if verdict is not None:
        baseline = verdict["baseline"]
        against = "nothing before it" if baseline is None else f"version {baseline}"
        findings = len(verdict["findings"])
        more = f", {count(findings, 'check')} to look at" if findings else ""
        gate = f"{verdict['outcome']} against {against}{more}"
    pairs = [("gate", gate)]
    if events:
        last = events[-1]
        reason = f": {last['reason']}" if last.get("reason") else ""
        kind = last["kind"].replace("_", " ")
        pairs.append(("last event", f"{kind} {cell_text(last['at'])} by {last['actor']}{reason}"))
    return pairs
