"""What became of an estimate from version to version, for people (docs/stability.md, V)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from estimates.contract.contract import Contract
from estimates.render.wording import count
from estimates_jobs.cli import show

if TYPE_CHECKING:
    from estimates.catalog.records import Version
    from estimates.client.reading_requests import VersionSummary

_ENDS = ("lower", "upper", "quantile")  # they move with their point
_WHY = {
    "few_values": "too few values",
    "few_pairs": "needs 20 pairs of moves",
    "unmoved": "nothing moved materially",
    "never_due": "no version had to have it",
    "unknown": "the domain lists no keys",
    "degenerate_scale": "all values are 0",
    "overflow": "too large for a number",
}


def show_chain(chain: dict[str, Any], contract: Contract, asked: list[str] | None) -> None:
    """Print the chain of each number; of interval ends and quantiles only when they were asked for."""
    for name, found in chain.items():
        if (asked is None and contract.columns[name].role in _ENDS) or not found["n"]:
            continue
        show.line()
        show.line(
            f"{name} in {found['n']} of {count(found['versions'], 'version')} that had to have it",
            "bold",
        )
        show.facts(facts(found))


def facts(found: dict[str, Any]) -> list[tuple[str, show.Cell]]:
    """What there is to say of one number's chain, each with a name; what cannot be told with the
    reason.
    """
    steps = found["steps"]
    last, unit = steps[-1], f" {found['unit']}" if found["unit"] else ""
    before = steps[-2]["value"] if len(steps) > 1 else None
    return [
        ("versus previous", _told(found, "previous_r", show.change(before, last["value"]))),
        ("versus first", _told(found, "first_r", show.change(steps[0]["value"], last["value"]))),
        (
            "flips",
            _told(found, "flip_share", f"{found['flips']} of {count(found['turns'], 'turn')}"),
        ),
        ("path", _told(found, "efficiency", _path(found, unit))),
        ("settled", _told(found, "settle_time", _settled(found))),
        ("last moved", _told(found, "since_change", _moved(found))),
        ("volatility", _told(found, "volatility", _percent(found["volatility"]) + " a version")),
    ]


def values_before(told: list[dict[str, Any]], values: list[float | None]) -> list[float | None]:
    """For each version of a history the value of the one before it that was not refused and had
    one.
    """
    last: float | None = None
    before: list[float | None] = []
    for one, value in zip(told, values, strict=True):
        before.append(last)
        last = last if value is None or one["state"] == "refused" else value
    return before


def other_shapes(
    versions: Iterable[Version | VersionSummary], told: Collection[int], option: str = ""
) -> str | None:
    """Which unexpired versions are left out because those told of, by number, have another shape;
    None for none.

    option  of the command, that shows those of another shape
    """
    listed = list(versions)
    shown = {one.shape for one in listed if one.version in told}
    left_out = [one.shape for one in listed if one.expired_at is None and one.shape not in shown]
    if not left_out:
        return None
    verb = "is" if len(left_out) == 1 else "are"
    how = ", ".join(f"{option} {shape}" for shape in sorted(set(left_out)) if option)
    return f"{count(len(left_out), 'version')} of another shape {verb} not shown" + (
        f": {how}" if how else ""
    )


def reason(code: str) -> str:
    """Why a metric is missing, for a person."""
    return _WHY.get(code, code)


def _told(found: dict[str, Any], metric: str, text: str) -> str:
    return text if found[metric] is not None else f"–  ({reason(found['reasons'][metric])})"


def _path(found: dict[str, Any], unit: str) -> str:
    if found["efficiency"] is None:
        return ""
    way = sum(abs(step["d"]) for step in found["steps"][1:])
    net = abs(found["steps"][-1]["first_d"])
    return f"{_percent(found['efficiency'])} efficient: {net:.4g}{unit} from first to last, {way:.4g}{unit} on the way"


def _moved(found: dict[str, Any]) -> str:
    if not any(step["material"] for step in found["steps"]):
        return "never, materially"
    ago = found["since_change"]
    return (
        "materially with the last version" if not ago else f"materially {count(ago, 'version')} ago"
    )


def _settled(found: dict[str, Any]) -> str:
    earlier = found["settle_time"]
    if earlier == found["n"] - 1:
        return "not yet: the value before was materially off"
    after = f", after {count(earlier, 'other value')}" if earlier else ""
    return f"since version {found['settled_version']}{after}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.3g} %"
