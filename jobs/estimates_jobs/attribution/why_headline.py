"""Why it moved, in a sentence or two."""

from __future__ import annotations

from estimates_jobs.attribution.split import Effect, LabelSplit, Split

Reasons = dict[str, str | None]  # by leg; None for a leg that is available


def headline(
    versions: tuple[int, int],
    columns: dict[str, Split],
    labels: dict[str, LabelSplit],
    reasons: Reasons,
) -> str:
    """What moved the first column, how much of that is noise, and which labels changed."""
    sentences = [_numbers(versions, columns, reasons)] if columns or not labels else []
    sentences += [_label(name, split) for name, split in labels.items() if split.changed]
    return " ".join(sentences) or "No label changed."


def _label(name: str, split: LabelSplit) -> str:
    """Counted, because labels do not add up."""
    parts = {"the new data": split.data, "the new parameters": split.parameters}
    causes = [f"{n:,} with {part} alone" for part, n in parts.items() if n is not None]
    noise = max(split.noise_from or 0, split.noise_to or 0)
    noisy = f"; reruns with nothing changed change it on up to {noise:,}, which is noise"
    return (
        f"{name} changed on {split.changed:,} of {split.n:,} keys: "
        f"{', '.join(causes) or 'why cannot be told'}{noisy if noise else ''}."
    )


def _numbers(versions: tuple[int, int], columns: dict[str, Split], reasons: Reasons) -> str:
    for name, split in columns.items():
        if split.total is None:
            continue
        noise = _noise(versions, split, reasons)
        if split.total.mean_absolute == 0:
            return f"{name} did not move on any of {split.n:,} keys. {noise}"
        size = f"{split.total.mean_absolute:.4g} on average (mean absolute, {split.n:,} keys)"
        return f"{name} moved by {size}: {_parts(split, reasons)}. {noise}"
    return (
        "No estimate column is a number on keys that both versions have: there is nothing to split."
    )


def _parts(split: Split, reasons: Reasons) -> str:
    data, parameters = split.data, split.parameters
    if split.interaction is not None:
        parts = {"data": data, "parameters": parameters, "interaction": split.interaction}
        return ", ".join(f"{name} {_share(effect)}" for name, effect in parts.items())
    if data is not None:
        return (
            f"data alone: {data.mean_absolute:.4g}; parameters and the interaction cannot be told "
            f"apart, because {reasons['new_parameters']}"
        )
    if parameters is not None:
        return (
            f"parameters alone: {parameters.mean_absolute:.4g}; data and the interaction cannot be "
            f"told apart, because {reasons['new_data']}"
        )
    causes = dict.fromkeys(filter(None, (reasons["new_data"], reasons["new_parameters"])))
    return f"how much is data and how much parameters cannot be told, because {'; '.join(causes)}"


def _share(effect: Effect | None) -> str:
    return "0 %" if effect is None or effect.share is None else f"{100 * effect.share:.3g} %"


def _noise(versions: tuple[int, int], split: Split, reasons: Reasons) -> str:
    """How far reruns with nothing changed are from what is stored."""
    legs = {"rerun_from": split.noise_from, "rerun_to": split.noise_to}
    if all(reasons[leg] is not None for leg in legs):
        return "Neither version was run again."
    clauses = []
    for number, (leg, effect) in zip(versions, legs.items(), strict=True):
        if reasons[leg] is not None or effect is None:
            clauses.append(f"version {number} was not run again")
        elif effect.mean_absolute == 0:
            clauses.append(f"a rerun gives version {number} exactly")
        else:
            clauses.append(
                f"a rerun of version {number} differs from it by "
                f"{effect.mean_absolute:.4g}, which is noise"
            )
    text = "; ".join(clauses)
    return f"{text[0].upper()}{text[1:]}."
