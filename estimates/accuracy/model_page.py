"""Models beside each other: the ratios of all pairs as a heat map, and a page with all of it."""

from __future__ import annotations

from typing import Any

from estimates.accuracy.model_table import ModelTable
from estimates.accuracy.model_text import headline, own_names, sections
from estimates.render import vega
from estimates.render.colours import BEYOND, WITHIN
from estimates.render.html import document, escaped, figure, legend, table

_SIZE = 60  # pixels of a cell
_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
_EQUAL = "#f4f4f4"
_CAPTION = "The loss of the row's model over that of the column's, on the keys that both have."


def draw(models: ModelTable, kind: str) -> bytes:
    """The ratios of all pairs as a heat map, SVG or PNG: blue where the row's model is better.

    The same table gives the same picture. Raises InvalidError (`no_charts`).
    """
    spec = _heat_map(models)
    return vega.png(spec) if kind == "png" else vega.svg(spec).encode()


def render_html(models: ModelTable) -> str:
    """A page that can be sent to somebody: models, heat map, every pair, every month; the same
    table gives the same page. Raises InvalidError (`no_charts`).
    """
    title = headline(models)
    picture = figure("Pairs", vega.svg(_heat_map(models)), _CAPTION, legend("better", "worse"))
    tables = (table(section, whole=True) for section in sections(models, len(models.periods)))
    parts = [
        f"<header>\n<h1>{escaped(title)}</h1>\n</header>",
        *tables,
        picture,
        "<footer><p>docs/accuracy.md has each number with its formula.</p></footer>",
    ]
    return document(title, "\n".join(parts))


def _heat_map(models: ModelTable) -> dict[str, Any]:
    alt = vega.altair()
    own = own_names(models)
    names = list(own.values())
    rows: list[dict[str, Any]] = [
        {"model": name, "against": name, "ratio": 1.0, "text": "1"} for name in names
    ]
    rows += [
        {
            "model": own[pair.model],
            "against": own[pair.against],
            "ratio": pair.ratio,
            "text": f"{pair.ratio:.2f}",
        }
        for pair in models.pairs
        if pair.ratio is not None
    ]
    colours = alt.Scale(type="log", domain=[0.5, 1, 2], range=[WITHIN, _EQUAL, BEYOND], clamp=True)
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("against:N", sort=names, title="against", axis=alt.Axis(orient="top")),
        y=alt.Y("model:N", sort=names, title=None),
    )
    cells = base.mark_rect(stroke="white").encode(
        color=alt.Color("ratio:Q", scale=colours, legend=None)
    )
    texts = base.mark_text().encode(text="text:N")
    title = alt.TitleParams(f"{models.loss}: row / column", anchor="start", frame="bounds")
    chart = alt.layer(cells, texts).properties(
        title=title, width=_SIZE * len(names), height=_SIZE * len(names) // 2
    )
    spec: dict[str, Any] = chart.configure(font=_FONT, background="white", padding=16).to_dict()
    return spec
