"""`diff --why` as a page: what was different, what each part did, how much a rerun differs."""

from __future__ import annotations

from estimates.render.change_text import size
from estimates.render.wording import percent
from estimates_jobs.attribution.split import Split
from estimates_jobs.attribution.why import Difference, Why, render_json, why
from estimates_jobs.cli.interface.command import Options
from estimates_jobs.cli.output import cells, progress, terminal
from estimates_jobs.cli.output.cells import four_digits, right

_MOVES = 10  # of the largest
_DIGEST_LENGTH = 64


def show_why(options: Options, set_name: str, from_ref: str, to_ref: str) -> None:
    """Run the job as often as it takes, saying so on standard error, and print why the estimates
    moved.
    """
    store = options.open()
    with progress.steps(quiet=options.json) as announce:
        answer = why(store, set_name, from_ref, to_ref, progress=announce)
    if options.json:
        terminal.body(render_json(answer))
        return
    terminal.line(f"{answer.set}: why version {answer.from_} became version {answer.to}", "bold")
    terminal.line(answer.headline)
    terminal.line()
    terminal.table(
        ["made from", str(answer.from_), str(answer.to), ""],
        [_difference_row(difference) for difference in answer.differences],
    )
    splits = {name: split for name, split in answer.columns.items() if split.total is not None}
    for name, split in splits.items():
        _show_split(answer, name, split)
    if splits:
        first, *others = splits
        _show_largest(first, splits[first])
        if others:
            terminal.line(f"Those of {', '.join(others)} are in the JSON.")
    _show_reasons(answer)


def _difference_row(difference: Difference) -> list[cells.Cell]:
    outcome = "the same" if difference.same else "changed"
    return [difference.name, _shortened(difference.old), _shortened(difference.new), outcome]


def _shortened(value: object) -> str:
    """A value as text; of a digest only its beginning."""
    text = cells.plain(value)
    if text is None:
        return "–"
    is_digest = isinstance(text, str) and len(text) == _DIGEST_LENGTH
    return str(text)[:12] if is_digest else str(text)


def _show_split(answer: Why, name: str, split: Split) -> None:
    effects = {
        "total": split.total,
        "data": split.data,
        "parameters": split.parameters,
        "interaction": split.interaction,
        f"rerun of {answer.from_}": split.noise_from,
        f"rerun of {answer.to}": split.noise_to,
    }
    terminal.section(f"{name}, {split.n:,} keys")
    terminal.records(
        [
            {
                "": label,
                "mean": four_digits(effect.mean),
                "mean absolute": four_digits(effect.mean_absolute),
                "share": "" if effect.share is None else right(percent(effect.share)),
                "median": right(size(effect.plain_p50, split.measure)),
                "95 %": right(size(effect.plain_p95, split.measure)),
            }
            for label, effect in effects.items()
            if effect is not None
        ]
    )


def _show_largest(name: str, split: Split) -> None:
    if not split.top:
        return
    terminal.section(f"largest moves of {name}")
    terminal.records(
        [
            {
                "key": "/".join(move.key),
                "from": four_digits(move.a),
                "to": four_digits(move.b),
                "change": four_digits(move.d),
                "data": four_digits(move.data),
                "parameters": four_digits(move.parameters),
                "interaction": four_digits(move.interaction),
            }
            for move in split.top[:_MOVES]
        ]
    )


def _show_reasons(answer: Why) -> None:
    """The legs that are not available, each with its reason."""
    legs = {
        f"rerun of {answer.from_}": answer.rerun_from,
        f"rerun of {answer.to}": answer.rerun_to,
        "new data, old parameters": answer.new_data,
        "old data, new parameters": answer.new_parameters,
    }
    for reason in dict.fromkeys(leg.reason for leg in legs.values() if leg.reason is not None):
        names = [name for name, leg in legs.items() if leg.reason == reason]
        terminal.section(f"not available: {'; '.join(names)}")
        terminal.line(reason)
