"""`diff --why` as a page: what was different, what each part did, how much a rerun differs by
itself.
"""

from __future__ import annotations

from estimates_jobs.attribution.split import Effect, Split
from estimates_jobs.attribution.why import Difference, Why, render_json, why
from estimates_jobs.cli import show
from estimates_jobs.cli.command import Options

_ROWS = 10  # of the largest moves


def show_why(options: Options, set_name: str, from_ref: str, to_ref: str) -> None:
    """Run the job as often as it takes, saying so on standard error, and print why the estimates
    moved.
    """
    store = options.open()
    with show.progress(quiet=options.json) as say:
        found = why(store, set_name, from_ref, to_ref, progress=say)
    if options.json:
        show.body(render_json(found))
        return
    show.line(f"{found.set}: why version {found.from_} became version {found.to}", "bold")
    show.line(found.headline)
    show.line()
    show.table(
        ["made from", str(found.from_), str(found.to), ""],
        [_difference(one) for one in found.differences],
    )
    known = {name: split for name, split in found.columns.items() if split.total is not None}
    for name, split in known.items():
        show.line()
        _show_split(found, name, split)
    for name, split in list(known.items())[:1]:
        _show_moves(name, split)
    if len(known) > 1:
        show.line(f"Those of {', '.join(list(known)[1:])} are in the JSON.")
    _show_reasons(found)


def _difference(one: Difference) -> list[show.Cell]:
    return [one.name, _told(one.old), _told(one.new), "the same" if one.same else "changed"]


def _told(value: object) -> str:
    """A digest is told by its beginning."""
    text = show.plain(value)
    return (
        text[:12]
        if isinstance(text, str) and len(text) == 64
        else "–"
        if text is None
        else str(text)
    )


def _show_split(found: Why, name: str, split: Split) -> None:
    show.line(f"{name}, {split.n:,} keys", "bold")
    effects = {
        "total": split.total,
        "data": split.data,
        "parameters": split.parameters,
        "interaction": split.interaction,
        f"rerun of {found.from_}": split.noise_from,
        f"rerun of {found.to}": split.noise_to,
    }
    header = ["", "mean", "mean absolute", "share", "r p50", "r p95"]
    show.table(
        header, [_effect(label, effect) for label, effect in effects.items() if effect is not None]
    )


def _show_moves(name: str, split: Split) -> None:
    if split.top:
        show.line()
        show.line(f"largest moves of {name}", "bold")
        header = ["key", "from", "to", "change", "data", "parameters", "interaction"]
        moves = [(m.a, m.b, m.d, m.data, m.parameters, m.interaction) for m in split.top[:_ROWS]]
        keys = ("/".join(moved.key) for moved in split.top)
        show.table(
            header, [[key, *map(_number, move)] for key, move in zip(keys, moves, strict=False)]
        )


def _effect(label: str, effect: Effect) -> list[show.Cell]:
    share = "" if effect.share is None else f"{effect.share:.1%}"
    return [
        label,
        _number(effect.mean),
        _number(effect.mean_absolute),
        share,
        *map(_number, (effect.r_p50, effect.r_p95)),
    ]


def _number(number: float | None) -> str:
    return "–" if number is None else f"{number:.4g}"


def _show_reasons(found: Why) -> None:
    """Legs that are not available, each with its reason."""
    named = {
        f"rerun of {found.from_}": found.rerun_from,
        f"rerun of {found.to}": found.rerun_to,
        "new data, old parameters": found.new_data,
        "old data, new parameters": found.new_parameters,
    }
    missing: dict[str, list[str]] = {}
    for name, leg in named.items():
        if leg.reason is not None:
            missing.setdefault(leg.reason, []).append(name)
    for reason, names in missing.items():
        show.line()
        show.line(f"not available: {'; '.join(names)}", "bold")
        show.line(reason)
