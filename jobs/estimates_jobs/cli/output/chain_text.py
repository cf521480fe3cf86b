"""What became of an estimate from version to version, for people (docs/stability.md, V)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from estimates.contract.contract import Contract
from estimates.contract.roles import BOUNDS_OF_POINT
from estimates.render.change_text import moved
from estimates.render.wording import count, number, percent
from estimates_jobs.cli.output import cells, terminal

if TYPE_CHECKING:
    from estimates.catalog.records import Version
    from estimates.client.reading_requests import VersionSummary


_WHY = {
    "few_values": "too few values",
    "few_pairs": "needs 20 pairs of moves",
    "unmoved": "nothing moved materially",
    "never_due": "no version had to have it",
    "unknown": "the domain lists no keys",
    "degenerate_scale": "all values are 0",
    "overflow": "too large for a number",
}


LEGEND = (
    "flips: material moves that reversed the one before; path: from first to last, as a share of "
    "the way that it took; volatility: the standard deviation of a move"
)


def show_chain(chains: dict[str, Any], contract: Contract, fields: Sequence[str] | None) -> None:
    """Print the chain of each number; of interval ends and quantiles only where `fields` names
    columns.
    """
    shown = False
    for name, chain in chains.items():
        if (fields is None and contract.columns[name].role in BOUNDS_OF_POINT) or not chain["n"]:
            continue
        had_it = f"{chain['n']} of {count(chain['versions'], 'version')} that had to have it"
        if chain["n"] == 1:
            terminal.line(f"{name} in {had_it}: how it moves shows from two on", "dim")
            continue
        terminal.section(f"{name} in {had_it}")
        terminal.pairs(chain_pairs(chain, contract.percentage_points(name)))
        shown = True
    if shown:
        material = percent(contract.stability.rtol)
        atol = contract.stability.atol
        more = f" + {number(atol)}" if atol else ""
        terminal.line(f"material: by more than {material}{more}; {LEGEND}", "dim")


def chain_pairs(chain: dict[str, Any], points: float | None = None) -> list[tuple[str, cells.Cell]]:
    """The metrics of one number's chain as text; a metric that is missing with the reason.

    points  percentage points in one unit of it; None: changes are relative to the old number
    """
    values = [step["value"] for step in chain["steps"]]
    previous = values[-2] if len(values) > 1 else None
    texts = {
        "previous_r": ("versus previous", moved(previous, values[-1], points)),
        "first_r": ("versus first", moved(values[0], values[-1], points)),
        "flip_share": ("flips", f"{chain['flips']} of {count(chain['turns'], 'turn')}"),
        "efficiency": ("path", _path(chain)),
        "settle_time": ("settled", _settled(chain)),
        "since_change": ("last moved", _moved(chain)),
        "volatility": ("volatility", _percent(chain["volatility"]) + " a version"),
    }
    return with_reasons(texts, chain["reasons"])


def values_before(values: Sequence[float | None], refused: Sequence[bool]) -> list[float | None]:
    """For each version of a history the last value before it of a version that was not refused."""
    last: float | None = None
    before: list[float | None] = []
    for value, is_refused in zip(values, refused, strict=True):
        before.append(last)
        if value is not None and not is_refused:
            last = value
    return before


def other_shapes(
    versions: Iterable[Version | VersionSummary], shown: Collection[int], option: str = ""
) -> str | None:
    """A line about the unexpired versions whose shape is not that of those shown, by number; None
    for none.

    option  of the command, that shows those of another shape
    """
    all_versions = list(versions)
    shapes = {version.shape for version in all_versions if version.version in shown}
    others = [
        version.shape
        for version in all_versions
        if version.expired_at is None and version.shape not in shapes
    ]
    if not others:
        return None
    verb = "is" if len(others) == 1 else "are"
    hints = ", ".join(f"{option} {shape}" for shape in sorted(set(others)) if option)
    text = f"{count(len(others), 'version')} of another shape {verb} not shown"
    return f"{text}: {hints}" if hints else text


def reason(code: str) -> str:
    """Why a metric is missing, for a person."""
    return _WHY.get(code, code)


def with_reasons(
    texts: Mapping[str, tuple[str, str]], missing: Mapping[str, str]
) -> list[tuple[str, cells.Cell]]:
    """Names and texts of metrics; of one that is missing the reason, whose code is given."""
    return [
        (name, f"–  ({reason(missing[metric])})" if metric in missing else text)
        for metric, (name, text) in texts.items()
    ]


def _path(chain: dict[str, Any]) -> str:
    if chain["efficiency"] is None:
        return ""
    unit = f" {chain['unit']}" if chain["unit"] else ""
    way = sum(abs(step["d"]) for step in chain["steps"][1:])
    net = abs(chain["steps"][-1]["first_d"])
    share = _percent(chain["efficiency"])
    return f"{share} efficient: {net:.4g}{unit} from first to last, {way:.4g}{unit} on the way"


def _moved(chain: dict[str, Any]) -> str:
    if not any(step["material"] for step in chain["steps"]):
        return "never, materially"
    ago = chain["since_change"]
    return (
        "materially with the last version" if not ago else f"materially {count(ago, 'version')} ago"
    )


def _settled(chain: dict[str, Any]) -> str:
    earlier = chain["settle_time"]
    if earlier == chain["n"] - 1:
        return "not yet: the value before was materially off"
    after = f", after {count(earlier, 'other value')}" if earlier else ""
    return f"since version {chain['settled_version']}{after}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.3g} %"
