"""The shortest lawful way on after a refusal: waivers for what may be waived, another version for
what may not.
"""

from typing import NamedTuple

from estimates.gate.registry import CHECKS
from estimates.gate.verdict import Verdict

_UNWAIVABLE = {check.name for check in CHECKS if not check.waivable}
_WAIVERS = "waivers"  # the check of the waivers themselves


class WayForward(NamedTuple):
    """What lets a set move again.

    waive    checks to waive for this version, where it is right
    unwaive  waivers to take back, by id
    mend     checks that no waiver lets through: another version has to come
    """

    waive: tuple[str, ...] = ()
    unwaive: tuple[int, ...] = ()
    mend: tuple[str, ...] = ()


def way_forward(verdict: Verdict) -> WayForward:
    """The way on; all empty for a verdict that does not block."""
    failing = [result.name for result in verdict.failing()]
    mend = tuple(name for name in failing if name in _UNWAIVABLE and name != _WAIVERS)
    if mend:
        return WayForward(mend=mend)
    back: tuple[int, ...] = ()
    if _WAIVERS in failing:
        counted = {number for result in verdict.checks for number in result.waived_by}
        back = tuple(waiver.id for waiver in verdict.in_force if waiver.id not in counted)
    return WayForward(tuple(name for name in failing if name not in _UNWAIVABLE), back)


def way_lines(verdict: Verdict) -> list[str]:
    """The same for a person, a command a line; nothing for a verdict that does not block."""
    way = way_forward(verdict)
    if not any(way):
        return []
    if way.mend:
        what = "the table" if verdict.version is None else "another version"
        return [f"way on: no waiver lets {', '.join(way.mend)} through; mend and publish {what}"]
    if verdict.version is None:
        return [
            "way on: mend the table; or where it is right publish it, waive "
            f"{', '.join(way.waive)} for its version, and promote it"
        ]
    name, number = verdict.set, verdict.version
    commands = [f'estimates unwaive {name} {waiver} --reason "…"' for waiver in way.unwaive]
    if way.waive:
        checks = " ".join(way.waive)
        commands.append(
            f'estimates waive {name} {checks} --version {number} --reason "…" --until DATE'
        )
    if verdict.actuals is not None:
        commands.append(f"estimates gate {name} {number} --actuals FILE")
    commands.append(f'estimates promote {name} {number} --reason "…"')
    return ["way on, where all of it is right; else publish another version:", *commands]
