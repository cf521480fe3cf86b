"""Models beside each other, as sections of a page and as text for a terminal."""

from __future__ import annotations

from estimates.accuracy.comparison_text import short
from estimates.accuracy.model_table import SIGNIFICANT, TESTS, ModelPair, ModelTable, PeriodRanks
from estimates.render.section import Section
from estimates.render.terminal import section_lines
from estimates.render.wording import count

_PERIODS = 12  # the newest ones; JSON has all


def render_text(models: ModelTable) -> str:
    """The models, the best first; the ratio of each pair; ranks month by month."""
    return "\n\n".join("\n".join(section_lines(part)) for part in sections(models)) + "\n"


def sections(models: ModelTable, periods: int = _PERIODS) -> list[Section]:
    """The same as tables; of the months the newest `periods`."""
    parts = [_scores(models), _pairs(models)]
    return [*parts, _ranks(models, periods)] if models.periods else parts


def headline(models: ModelTable) -> str:
    """How many models, by which loss, scaled by which."""
    against = "" if models.baseline is None else f", scaled by {models.baseline}"
    return f"{count(len(models.models), 'model')} by {models.loss}, the best first{against}"


def own_names(models: ModelTable) -> dict[str, str]:
    """What models are called beside each other: members of one family without its name."""
    names = [model.model for model in models.models]
    families = {name.rpartition(".")[0] for name in names}
    return {name: name.rpartition(".")[2] if len(families) == 1 else name for name in names}


def _scores(models: ModelTable) -> Section:
    own = own_names(models)
    header = ["model", "keys", "rounds", f"mean {models.loss}", "relative skill"]
    header += [] if models.baseline is None else ["scaled"]
    rows = [
        [
            own[model.model],
            f"{model.n:,}",
            f"{model.rounds:,}",
            short(model.mean),
            _ratio(model.relative_skill),
            *([] if models.baseline is None else [_ratio(model.scaled_relative_skill)]),
        ]
        for model in models.models
    ]
    return Section("models", headline(models), header=header, rows=rows)


def _pairs(models: ModelTable) -> Section:
    """A row a model: the ratio of its loss to that of each model; a star where it may be chance."""
    names = own_names(models)
    by_pair = {(pair.model, pair.against): pair for pair in models.pairs}
    rows: list[list[str]] = []
    for name in names:
        cells = [names[name]]
        for other in names:
            pair = by_pair.get((name, other))
            cells.append("1" if pair is None else _ratio(pair.ratio) + "*" * _may_be_chance(pair))
        rows.append(cells)
    title = "Loss of the row's model / that of the column's, on the keys that both have"
    note = f"* not told from chance ({TESTS[models.test]}, Holm's adjustment, {SIGNIFICANT:.0%})"
    starred = any("*" in cell for row in rows for cell in row[1:])
    notes = [note.replace("%", " %")] if starred else []
    return Section("pairs", title, header=["", *names.values()], rows=rows, notes=notes)


def _may_be_chance(pair: ModelPair) -> bool:
    """Losses that are all equal have no p-value, and nothing tells them apart."""
    p_value = 1.0 if pair.reason == "no_difference" else pair.adjusted_p_value
    return pair.ratio is not None and p_value is not None and p_value > SIGNIFICANT


def _ranks(models: ModelTable, periods: int) -> Section:
    names = own_names(models)
    shown = models.periods[-periods:]
    rows = [
        [period.period, f"{period.n:,}", *(_rank(period, name) for name in names)]
        for period in shown
    ]
    left_out = len(models.periods) - len(shown)
    notes = [f"and {count(left_out, 'earlier month')} in --format json"] if left_out else []
    title = "Ranks by month of data_through, on the keys that all have; 1 is the best"
    return Section(
        "ranks", title, header=["month", "keys", *names.values()], rows=rows, notes=notes
    )


def _rank(period: PeriodRanks, name: str) -> str:
    return f"{period.ranks[name]:g}" if name in period.ranks else "–"


def _ratio(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
