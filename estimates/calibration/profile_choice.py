"""Which profile fits a history: how many of its moves each would have blocked, by the values that a
backtest measured.
"""

import msgspec

from estimates.calibration.backtest_report import Backtest
from estimates.contract.contract import Contract
from estimates.contract.gate_policy import Profile
from estimates.gate.limits import within
from estimates.gate.policy import checks_of, limits_of

_TOO_MANY = 0.05  # of sound moves blocked: the profile is for other sets
# the stricter one first
_OF_NUMBERS: tuple[Profile, ...] = ("default", "volatile")
_OF_CHANCES: tuple[Profile, ...] = ("default", "categories")


def with_profile(contract: Contract, profile: Profile) -> Contract:
    """The contract with another profile."""
    gate = msgspec.structs.replace(contract.gate, profile=profile)
    return msgspec.structs.replace(contract, gate=gate)


def blocked_moves(report: Backtest, contract: Contract, moves: set[int]) -> int:
    """How many of these versions a contract would block, by what was measured. A check that was not
    measured blocks none, and one that measures its limits itself, or could not be evaluated, says
    what it said.
    """
    blocked: set[int] = set()
    for check in checks_of(contract):
        limits = limits_of(check, contract)
        for point in report.metric(check.name).points:
            if point.version not in moves or limits.off is not None:
                continue
            if point.value is None or check.measures_limits or limits.groups:
                fails = point.status in ("fail", "error")
            else:
                fails = limits.block is not None and not within(
                    point.value, limits.block, check.worse
                )
            if fails:
                blocked.add(point.version)
    return len(blocked)


def proposed_profile(report: Backtest, contract: Contract, moves: set[int]) -> Profile | None:
    """The first profile for such a set that blocks one move in twenty at most, where the one in
    force blocks more; else that which blocks the fewest. None where the one in force stays.
    """
    now = blocked_moves(report, contract, moves)
    if now <= _TOO_MANY * len(moves):
        return None
    roles = {contract.columns[name].role for name in contract.judged} - {"label"}
    counts = {
        profile: blocked_moves(report, with_profile(contract, profile), moves)
        for profile in (_OF_CHANCES if roles == {"probability"} else _OF_NUMBERS)
        if profile != contract.gate.profile
    }
    fitting = [name for name, count in counts.items() if count <= _TOO_MANY * len(moves)]
    best = fitting[0] if fitting else min(counts, key=lambda name: counts[name])
    return best if counts[best] < now else None
