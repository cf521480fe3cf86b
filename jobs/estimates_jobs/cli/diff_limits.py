"""`estimates diff --fail-on 'material > 1 %'`: limits on what a report says, for CI."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import msgspec

from estimates.errors import GateError
from estimates.render.wording import did_you_mean, number

if TYPE_CHECKING:
    from estimates.stability.report import Report

_LIMIT = re.compile(r"\s*([^<>=\s]+)\s*(<=|>=|<|>)\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*(%?)\s*")
_COMPARED = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
# Parts of a report's JSON that say what kind of number follows, and not which.
_KINDS = ("columns", "scalar", "label", "keys")
_SHARE = "_share"
# Parts of names that few ask for: kinds of values that became others, settings of the report.
_DETAILS = {
    *("+inf", "-inf", "absent", "finite", "nan", "null", "0", "overflow", "unit", "floored"),
    *("n_from", "n_to", "scale_floor", "top", "g", "kind_gain", "kind_loss", "psi_bins", "r_above"),
}


class Metric(NamedTuple):
    """A number of a report: whose it is, "" for that of all keys, and what it is called there."""

    column: str
    name: str
    value: float | None

    @property
    def whole(self) -> str:
        """The name behind its column, which may have dots of its own: `q0.5.material_share`."""
        return f"{self.column}.{self.name}" if self.column else self.name


class Limit(NamedTuple):
    """A metric of a report, and which of its values are too much; `text` is how it was written."""

    metric: str
    relation: str
    value: float
    text: str

    def breach(self, report: Report) -> str | None:
        """What is beyond the limit, in a line; None where nothing is. A number that the report does
        not have is beyond it: nobody can tell that it is not.

        Raises UsageError for a metric that the report does not know.
        """
        metrics = list(_metrics(report))
        endings = ("_share", "") if self.text.endswith("%") else ("", "_share")
        tried = (self._meant(metrics, ending) for ending in endings)
        values = next((meant for meant in tried if meant), None)
        if values is None:
            raise click.UsageError(self._unknown(report))
        beyond = [
            (metric.whole, metric.value)
            for metric in values
            if metric.value is None or _COMPARED[self.relation](metric.value, self.value)
        ]
        if not beyond:
            return None
        name, value = self._worst(beyond)
        state = "cannot be told" if value is None else f"is {self._shown(value)}"
        return f"{name} {state}; --fail-on {self.text}"

    def _worst(self, beyond: list[tuple[str, float | None]]) -> tuple[str, float | None]:
        known = [(value, name) for name, value in beyond if value is not None]
        if len(known) < len(beyond):
            return next((name, None) for name, value in beyond if value is None)
        value, name = max(known) if self.relation.startswith(">") else min(known)
        return name, value

    def _shown(self, value: float) -> str:
        return f"{number(100 * value)} %" if self.text.rstrip().endswith("%") else number(value)

    def _meant(self, metrics: list[Metric], ending: str) -> list[Metric]:
        """The numbers of this name, with this ending: of one column where that is named, else of
        all.
        """
        wanted = self.metric + ending
        return [metric for metric in metrics if wanted in (metric.name, metric.whole)]

    def _unknown(self, report: Report) -> str:
        names = sorted({_short(metric.name) for metric in _metrics(report)})
        meant = did_you_mean(self.metric, names)
        usual = [name for name in names if not _DETAILS & {*name.split(".")}]
        column = next(iter(report.columns), "close")
        return (
            f"--fail-on: the report has no number {self.metric!r}{meant}; it has "
            f"{', '.join(usual)} and what else is in --format json; with a column before it that "
            f"column's, such as {column}.material"
        )


def limit_of(text: str) -> Limit:
    """A limit as it is written, such as `material > 1 %` or `close.r.p95 >= 0.2`; raises
    UsageError.
    """
    match = _LIMIT.fullmatch(text)
    try:
        value = float(match[3]) if match else None
    except ValueError:
        value = None
    if match is None or value is None:
        raise click.UsageError(
            f"--fail-on {text!r}: write a metric, a comparison and a number, such as "
            "'material > 1 %', 'removed > 0' or 'close.r.p95 > 0.2'"
        )
    return Limit(match[1], match[2], value / 100 if match[4] else value, text.strip())


def check_limits(limits: tuple[str, ...], report: Report) -> None:
    """Raises GateError (`over_limit`) that says each value beyond a limit, and the limit;
    UsageError for one that cannot be read.
    """
    breaches = [breach for text in limits if (breach := limit_of(text).breach(report)) is not None]
    if breaches:
        raise GateError(
            "over_limit",
            "; ".join(breaches),
            remedy="the report above has the keys that moved most",
        )


def _metrics(report: Report) -> Iterator[Metric]:
    """The numbers of a report, those of all keys first."""
    tree = msgspec.to_builtins(report)
    same = tree["keys"]["identical_share"]
    for name in ("changed", "updated_share"):
        yield Metric("", name, None if same is None else 1 - same)
    yield from (Metric("", *number) for number in _numbers(tree["keys"], ""))
    for name, column in tree["columns"].items():
        yield from (Metric(name, *number) for number in _numbers(column, ""))


def _numbers(tree: dict[str, Any], before: str) -> Iterator[tuple[str, float | None]]:
    for name, value in tree.items():
        if isinstance(value, bool) or name in ("reason", "reasons", "transitions"):
            continue
        if isinstance(value, int | float) or value is None:
            yield before + name, value
        elif isinstance(value, dict):
            yield from _numbers(value, before if name in _KINDS else f"{before}{name}.")


def _short(name: str) -> str:
    """A name without its column, and as it may be shortened."""
    return ".".join(name.split(".")[-2:]).removesuffix(_SHARE)
