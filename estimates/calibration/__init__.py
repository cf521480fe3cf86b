"""Is the gate's policy right for a set? Its limits held against the set's own history; nothing here
changes anything.

backtest        what a policy would have said of every version there was
suggestion      limits from what the promoted versions did
contract_edit   limits written into a contract's TOML
page            a backtest as a page with pictures
"""

from __future__ import annotations

from estimates.calibration.backtest import (
    Backtest,
    LeftOut,
    Metric,
    Point,
    Progress,
    Replayed,
    backtest,
)
from estimates.calibration.suggestion import Noise, Proposal, Suggestion, noise_of, suggest

__all__ = [
    "Backtest",
    "LeftOut",
    "Metric",
    "Noise",
    "Point",
    "Progress",
    "Proposal",
    "Replayed",
    "Suggestion",
    "backtest",
    "noise_of",
    "suggest",
]
