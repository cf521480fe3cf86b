"""Why it moved, in a sentence or two."""

from __future__ import annotations

from estimates_jobs.attribution.split import Effect, LabelSplit, Split

_REST = {"data": "parameters and the interaction", "parameters": "data and the interaction"}


def headline(
    versions: tuple[int, int],
    columns: dict[str, Split],
    labels: dict[str, LabelSplit],
    reasons: dict[str, str | None],
) -> str:
    """What moved the first column, how much of that is noise, and labels; `reasons` of legs that
    are not available.
    """
    said = [_numbers(versions, columns, reasons)] if columns or not labels else []
    return (
        " ".join([*said, *(_label(name, one) for name, one in labels.items() if one.changed)])
        or "No label changed."
    )


def _label(name: str, found: LabelSplit) -> str:
    """Counted, because labels do not add up."""
    parts = [(found.data, "the new data"), (found.parameters, "the new parameters")]
    known = [f"{n:,} with {what} alone" for n, what in parts if n is not None]
    changed = f"{name} changed on {found.changed:,} of {found.n:,} keys"
    noises = [n for n in (found.noise_from, found.noise_to) if n]
    noisy = (
        f"; reruns with nothing changed change it on up to {max(noises):,}, which is noise"
        if noises
        else ""
    )
    return f"{changed}: {', '.join(known) or 'why cannot be told'}{noisy}."


def _numbers(
    versions: tuple[int, int], columns: dict[str, Split], reasons: dict[str, str | None]
) -> str:
    name, split = next(
        ((name, one) for name, one in columns.items() if one.total is not None), ("", None)
    )
    if split is None or split.total is None:
        return "No estimate column is a number on keys that both versions have: there is nothing to split."
    if split.total.mean_absolute == 0:
        return f"{name} did not move on any of {split.n:,} keys. {_noise(versions, split, reasons)}"
    moved = f"{name} moved by {split.total.mean_absolute:.4g} on average (mean absolute, {split.n:,} keys)"
    return f"{moved}: {_parts(split, reasons)}. {_noise(versions, split, reasons)}"


def _parts(split: Split, reasons: dict[str, str | None]) -> str:
    effects = {"data": split.data, "parameters": split.parameters, "interaction": split.interaction}
    known = {name: effect for name, effect in effects.items() if effect is not None}
    if len(known) == len(effects):
        return ", ".join(f"{name} {_share(effect)}" for name, effect in known.items())
    if not known:
        told = dict.fromkeys(
            reason for reason in (reasons["new_data"], reasons["new_parameters"]) if reason
        )
        return f"how much is data and how much parameters cannot be told, because {'; '.join(told)}"
    ((name, effect),) = known.items()
    leg = "new_parameters" if name == "data" else "new_data"
    alone = f"{name} alone: {effect.mean_absolute:.4g}"
    return f"{alone}; {_REST[name]} cannot be told apart, because {reasons[leg]}"


def _share(effect: Effect) -> str:
    return "0 %" if effect.share is None else f"{100 * effect.share:.3g} %"


def _noise(versions: tuple[int, int], split: Split, reasons: dict[str, str | None]) -> str:
    """How far reruns with nothing changed are from what is stored."""
    said = []
    noises = (("rerun_from", split.noise_from), ("rerun_to", split.noise_to))
    for number, (leg, effect) in zip(versions, noises, strict=True):
        if reasons[leg] is not None or effect is None:
            said.append(f"version {number} was not run again")
        elif effect.mean_absolute == 0:
            said.append(f"a rerun gives version {number} exactly")
        else:
            said.append(
                f"a rerun of version {number} differs from it by "
                f"{effect.mean_absolute:.4g}, which is noise"
            )
    if all(reasons[leg] is not None for leg, _ in noises):
        return "Neither version was run again."
    text = "; ".join(said)
    return text[0].upper() + text[1:] + "."
