"""Every fault, what the gate says to it, and which check says so: `just faults` writes
proof/faults.md.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from proof import (
    faults_categories,
    faults_hub,
    faults_others,
    faults_places,
    faults_prices,
    faults_scores,
    faults_stored,
)
from proof.fault import CAUGHT, FAULTS, Fault, Outcome
from proof.scenes import SCENES, Scene

# loading them registers the faults
MODULES = (
    faults_prices,
    faults_scores,
    faults_others,
    faults_stored,
    faults_hub,
    faults_categories,
    faults_places,
)
PAGE = Path("proof/faults.md")
_HEAD = """# Faults that the gate must find

Each line is something that happens to tables of numbers, done to real versions:
the example set's forecasts of eight trading days, these as quantile functions,
the two weeks of churn scores, moving averages of the real closes,
the last close as a plan for sixty days,
and the weekly quantiles and chances of categories of a made-up forecast hub.
The policy is the default one; no contract adjusts a check, but for the hub's two, which are as
`estimates draft` proposes them.
`just faults` writes this page, a test compares it with what the code says,
and `proof/` has the faults, a function each.
Every check finds one but `null_share`, which has no limit before a contract gives it one.

- **blocked**: the gate refuses the version.
- **rejected**: publish stores nothing, and says the error's code.
- **refused**: promote does nothing.
- **warned**, **passed**: it can reach production. The reason stands beside it.

Nothing that is blocked, rejected or refused reaches production.
"""


def outcomes(folder: Path, faults: Sequence[Fault] = FAULTS) -> Iterator[tuple[Fault, Outcome]]:
    """Do every fault: those that come as files to one store after another, the others each in a
    copy of their own.
    """
    made: dict[str, Scene] = {}
    shared: dict[str, Scene] = {}
    for number, fault in enumerate(faults):
        if fault.scene not in made:
            made[fault.scene] = SCENES[fault.scene](folder / fault.scene)
            shared[fault.scene] = made[fault.scene].copy(folder / f"{fault.scene}-shared")
        own = (
            shared[fault.scene]
            if fault.arrives == "file"
            else made[fault.scene].copy(folder / str(number))
        )
        yield fault, fault.apply(own)


def page(results: list[tuple[Fault, Outcome]]) -> str:
    """The page."""
    caught = sum(outcome.answer in CAUGHT for _, outcome in results)
    parts = [
        _HEAD,
        f"\n{len(results)} faults: {caught} do not get through, {len(results) - caught} "
        "can, for a reason.\n",
    ]
    for scene in SCENES:
        parts.append(
            f"\n## {scene}\n\n| fault | arrives as | answer | from | warns beside | why "
            "it is let through |\n"
        )
        parts.append("| --- | --- | --- | --- | --- | --- |\n")
        parts += [_row(fault, outcome) for fault, outcome in results if fault.scene == scene]
    return "".join(parts)


def _row(fault: Fault, outcome: Outcome) -> str:
    by, warned = (
        ", ".join(f"`{name}`" for name in names) for names in (outcome.by, outcome.warned)
    )
    if outcome.errors:
        few = (
            ", ".join(f"`{name}`" for name in outcome.errors)
            if len(outcome.errors) < 4
            else f"{len(outcome.errors)} checks"
        )
        by = "; ".join([*([by] if by else []), f"{few} could not be evaluated"])
    what = f"**{fault.name}**: {fault.what}"
    cells = (what, fault.arrives, outcome.answer, by, warned, fault.reason or "")
    return f"| {' | '.join(cells)} |\n"


def main() -> None:
    """Write the page; exit 1 when something gets through without a reason."""
    with tempfile.TemporaryDirectory() as folder:
        results = list(outcomes(Path(folder)))
    PAGE.write_text(page(results), encoding="utf-8")
    for fault, outcome in results:
        if (outcome.answer in CAUGHT) == (fault.reason is not None):
            print(f"{fault.name}: {outcome.answer}, {fault.reason or 'without a reason'}")
            sys.exit(1)


if __name__ == "__main__":
    main()
