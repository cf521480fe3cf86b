"""What the default policy says to days on which nothing was wrong; writes proof/false_alarms.md.

    python -m proof.false_alarms FOLDER

The weekly versions are those of the last 104 whole weeks, as `just history` publishes them; the
daily ones those of all trading days of these two years; beside them the first five months of 2020.
Each is judged against the one before, as if that were production, at its origin. FOLDER keeps the
forecasts; without them the first run takes about ten minutes.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import polars as pl

from estimates.accuracy.actuals import read_actuals
from estimates.gate.evaluation import evaluate
from estimates.gate.production_history import ProductionHistory
from estimates.gate.verdict import Verdict
from estimates.stability.diff import diff
from proof import forecasts

WEEKS = 104
SPRING = (date(2020, 1, 2), date(2020, 6, 1))
PAGE = Path("proof/false_alarms.md")
_LISTED = 20
_HEAD = """# False alarms

What the default policy says to days on which nothing was wrong: forecasts of the example set,
judged as versions against the day or the week before.
`just false-alarms` writes this page.
[docs/gate.md](../docs/gate.md#where-the-limits-come-from) shows what the limits rest on.

"""


class Replay(NamedTuple):
    """One way to look at real days."""

    name: str
    days: list[date]
    late: bool = False  # judged again once all prices are known


def replays() -> list[Replay]:
    """What is replayed, each from the second day on."""
    weekly = last_sessions(WEEKS + 1)
    daily = [day for day in forecasts.sessions() if day >= weekly[0]]
    spring = [day for day in forecasts.sessions() if SPRING[0] <= day <= SPRING[1]]
    return [
        Replay(f"weekly, {WEEKS} weeks to {weekly[-1]}", weekly),
        Replay(f"daily, {len(daily) - 1} trading days to {daily[-1]}", daily),
        Replay(f"daily, {SPRING[0]} to {SPRING[1]}", spring),
        Replay("weekly, with the actual values", weekly[:-2], late=True),
        Replay("daily, with the actual values", daily[:-10], late=True),
    ]


def last_sessions(weeks: int) -> list[date]:
    """The last trading day of each of the newest whole weeks, oldest first."""
    days = pl.Series("day", forecasts.sessions())
    by_week = (
        days.to_frame()
        .group_by(pl.col("day").dt.truncate("1w").alias("monday"))
        .agg(pl.col("day").max())
    )
    complete = by_week.sort("monday").filter(pl.col("monday") + timedelta(days=4) <= days.max())
    return complete.get_column("day").tail(weeks).to_list()


def verdicts(replay: Replay, folder: Path) -> Iterator[tuple[date, Verdict]]:
    """Each version judged against the one before."""
    contract, shares = forecasts.contract(), dict[str, list[float]]()
    actuals = read_actuals(_closes(), contract) if replay.late else None
    before = forecasts.version(replay.days[0], folder, 1)
    for number, day in enumerate(replay.days[1:], start=2):
        now = forecasts.version(day, folder, number)
        assert now.frame is not None
        assert before.frame is not None
        assert now.published_at is not None
        history = ProductionHistory(
            lambda: shares, lambda count, frame=before.frame: [frame][:count]
        )
        yield (
            day,
            evaluate(
                contract,
                now,
                before,
                judged_at=now.published_at,
                contract_revision=1,
                history=history,
                actuals=actuals,
            ),
        )
        for name, column in diff(before.frame, now.frame, contract).columns.items():
            if column.scalar is not None:
                shares.setdefault(name, []).append(column.scalar.material_share)
        before = now


def _closes() -> pl.DataFrame:
    return pl.read_parquet(forecasts.PRICES).select(
        "ticker", pl.col("date").alias("target_date"), pl.col("close").alias("value")
    )


def page(folder: Path) -> str:
    """The page: a table of shares, then one of each reason."""
    judged = {replay.name: list(verdicts(replay, folder)) for replay in replays()}
    lines = ["| versions | judged | pass | warn | block |", "| --- | --- | --- | --- | --- |"]
    for name, days in judged.items():
        outcomes = Counter("block" if verdict.blocks else verdict.outcome for _, verdict in days)
        shares = " | ".join(
            f"{100 * outcomes[outcome] / len(days):.1f} %" for outcome in ("pass", "warn", "block")
        )
        lines.append(f"| {name} | {len(days)} | {shares} |")
    lines += ["", "What blocked, and how often each check warned:"]
    for name, days in judged.items():
        lines += ["", f"**{name}**", "", *_reasons(days)]
    return _HEAD + "\n".join(lines) + "\n"


def _reasons(judged: list[tuple[date, Verdict]]) -> Iterator[str]:
    """Every block of a replay, or where there are many how often each check blocks; then how often
    each warns.
    """
    blocked = [(day, verdict.failing()) for day, verdict in judged if verdict.blocks]
    if len(blocked) <= _LISTED:
        for day, failing in blocked:
            yield f"- {day}: {'; '.join(f'`{check.name}`, {check.message}' for check in failing)}"
    else:
        names = (check.name for _, failing in blocked for check in failing)
        yield f"- blocks: {_shares(names, len(judged))}"
    warned = (
        check.name for _, verdict in judged for check in verdict.checks if check.status == "warn"
    )
    yield f"- warns: {_shares(warned, len(judged))}"


def _shares(names: Iterable[str], judged: int) -> str:
    counts = Counter(names).most_common()
    return ", ".join(f"`{name}` {100 * count / judged:.1f} %" for name, count in counts) or "never"


def main(folder: Path) -> None:
    """Compute what is missing, evaluate, write."""
    forecasts.compute(sorted({day for replay in replays() for day in replay.days}), folder)
    PAGE.write_text(page(folder), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
