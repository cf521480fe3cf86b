"""Models beside each other, for a terminal and as a picture."""

from __future__ import annotations

from typing import Any

from estimates.accuracy.comparison_text import short
from estimates.accuracy.model_table import ModelTable
from estimates.render import vega
from estimates.render.terminal import table
from estimates.render.wording import count

_PERIODS = 12  # the newest ones; JSON has all
_SIZE = 60  # pixels of a cell
_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"


def render_text(models: ModelTable) -> str:
    """The models, the best first; the ratio of each pair; ranks month by month."""
    against = "" if models.baseline is None else f", scaled by {models.baseline}"
    lines = [f"{count(len(models.models), 'model')} by {models.loss}, the best first{against}"]
    header = ["model", "keys", "rounds", f"mean {models.loss}", "relative skill"]
    header += [] if models.baseline is None else ["scaled"]
    rows = [
        [
            model.model,
            f"{model.n:,}",
            f"{model.rounds:,}",
            short(model.mean),
            _ratio(model.relative_skill),
            *([] if models.baseline is None else [_ratio(model.scaled_relative_skill)]),
        ]
        for model in models.models
    ]
    parts = ["\n".join([*lines, *table(header, rows)]), "\n".join(_pairs(models))]
    if models.periods:
        parts.append("\n".join(_periods(models)))
    return "\n\n".join(parts) + "\n"


def _pairs(models: ModelTable) -> list[str]:
    """A row a model: the ratio of its loss to that of each model; a star where it may be chance."""
    names = [model.model for model in models.models]
    by_pair = {(pair.model, pair.against): pair for pair in models.pairs}
    rows: list[list[str]] = []
    for name in names:
        cells = [name]
        for other in names:
            pair = by_pair.get((name, other))
            chance = pair is not None and (pair.adjusted_p_value or 0.0) > 0.05
            cells.append("1" if pair is None else _ratio(pair.ratio) + ("*" if chance else ""))
        rows.append(cells)
    title = "Loss of the row's model / that of the column's, on the keys that both have"
    note = "  * not told from chance (Wilcoxon's test, Holm's adjustment, 5 %)"
    starred = any("*" in cell for row in rows for cell in row[1:])
    return [title, *table(["", *names], rows), *([note] if starred else [])]


def _periods(models: ModelTable) -> list[str]:
    names = [model.model for model in models.models]
    shown = models.periods[-_PERIODS:]
    rows = [
        [period.period, f"{period.n:,}", *(f"{period.ranks[name]:g}" for name in names)]
        for period in shown
    ]
    left_out = len(models.periods) - len(shown)
    note = [f"  and {count(left_out, 'earlier month')} in --format json"] if left_out else []
    title = "Ranks by month of data_through, on the keys that all have; 1 is the best"
    return [title, *table(["month", "keys", *names], rows), *note]


def _ratio(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def draw(models: ModelTable, kind: str) -> bytes:
    """The ratios of all pairs as a heat map, SVG or PNG: blue where the row's model is better.

    The same table gives the same picture. Raises InvalidError (`no_charts`).
    """
    alt = vega.altair()
    names = [model.model for model in models.models]
    rows: list[dict[str, Any]] = [
        {"model": name, "against": name, "ratio": 1.0, "text": "1"} for name in names
    ]
    rows += [
        {
            "model": pair.model,
            "against": pair.against,
            "ratio": pair.ratio,
            "text": f"{pair.ratio:.2f}",
        }
        for pair in models.pairs
        if pair.ratio is not None
    ]
    colours = alt.Scale(type="log", domain=[0.5, 1, 2], range=["#5b8fc7", "#f4f4f4", "#e07b39"])
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("against:N", sort=names, title="against", axis=alt.Axis(orient="top")),
        y=alt.Y("model:N", sort=names, title=None),
    )
    cells = base.mark_rect(stroke="white").encode(
        color=alt.Color("ratio:Q", scale=colours, legend=None)
    )
    texts = base.mark_text().encode(text="text:N")
    title = f"{models.loss}: the row's model / the column's"
    chart = alt.layer(cells, texts).properties(
        title=title, width=_SIZE * len(names), height=_SIZE * len(names) // 2
    )
    spec = chart.configure(font=_FONT, background="white", padding=16).to_dict()
    return vega.png(spec) if kind == "png" else vega.svg(spec).encode()
