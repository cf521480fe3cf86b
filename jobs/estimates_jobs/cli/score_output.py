"""What `estimates score` prints besides the scores of one set: single keys, means by columns,
models beside each other.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import polars as pl

from estimates.accuracy import key_scores
from estimates.render.digits import rounded
from estimates.render.row_text import text_of
from estimates.render.wording import number
from estimates_jobs.cli.output import terminal
from estimates_jobs.cli.output.file_writing import writing

if TYPE_CHECKING:
    from estimates.accuracy.accuracy_report import SetAccuracy
    from estimates.accuracy.model_table import ModelTable
    from estimates_jobs.cli.interface.command import Options

_ROWS = 40  # of a frame in a terminal
_COLUMNS = (
    "mae", "rmse", "bias", "wis", "quantile_bias", "crps", "energy_score", "error_rate", "brier",
    "log_loss", "rps",
)  # fmt: skip
_LEVELS = ("50", "80", "90", "95")


def show_frame(options: Options, frame: pl.DataFrame, by: tuple[str, ...]) -> None:
    """A frame of scores: whole as CSV or JSON, its first rows and main columns as text."""
    if options.csv:
        terminal.csv_of(frame, no_formulas=options.no_formulas)
    elif options.json:
        times = [name for name, dtype in frame.schema.items() if dtype.is_temporal()]
        texts = frame.with_columns(text_of(frame, name).alias(name) for name in times)
        terminal.body(msgspec.json.encode(rounded(texts.to_dicts())))
    else:
        is_each = "actual" in frame.columns
        whose = key_scores.groupings(frame) if is_each else by
        whose = [name for name in whose if name != "data_through" or not is_each]
        shown = ["actual", "n", *_COLUMNS, *(f"covered_{level}" for level in _LEVELS)]
        names = ["column", *whose, *(name for name in shown if name in frame.columns)]
        rows = frame.select(list(dict.fromkeys(names))).head(_ROWS).rows()
        terminal.table(list(dict.fromkeys(names)), [[_cell(x) for x in row] for row in rows])
        if frame.height > _ROWS:
            terminal.line(f"  and {frame.height - _ROWS:,} more: --format csv has all")


def _cell(value: object) -> str:
    if isinstance(value, float):
        return number(float(f"{value:.4g}"))
    return "–" if value is None else str(value)


def show_one(options: Options, accuracy: SetAccuracy, subject: str) -> None:
    """The scores of rows of many versions, named by `subject`; nothing of it is stored."""
    from estimates.accuracy import accuracy_json, accuracy_text
    from estimates.accuracy.accuracy_table import accuracy_frame

    if options.json:
        terminal.body(accuracy_json.encode_one(accuracy.versions[0].scores, accuracy.set, subject))
    elif options.csv:
        frame = accuracy_frame(accuracy).drop("version")
        terminal.csv_of(frame, no_formulas=options.no_formulas)
    else:
        terminal.report(lambda: accuracy_text.render_text(accuracy, subject))


def show_models(options: Options, models: ModelTable, chart: str | None) -> None:
    """Models beside each other: text, JSON, a page, or a row a pair as CSV; and as a picture."""
    from estimates.accuracy import model_page, model_text

    if options.json:
        terminal.body(msgspec.json.encode(rounded(msgspec.to_builtins(models))))
    elif options.csv:
        pairs = pl.DataFrame(msgspec.to_builtins(models.pairs), infer_schema_length=None)
        terminal.csv_of(pairs, no_formulas=options.no_formulas)
    elif options.format == "html":
        terminal.html(model_page.render_html(models))
    else:
        terminal.report(lambda: model_text.render_text(models))
    if chart is not None:
        with writing(chart) as path:
            path.write_bytes(model_page.draw(models, Path(chart).suffix[1:]))
