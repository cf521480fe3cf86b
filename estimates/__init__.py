"""Estimates as a service: versioned, gated sets of estimates, read by key.

store        publish, judge, promote, roll back, keep: a page each
reading      one version, one moment, one key through time
compare      two versions, two sets, two tables
stability    what changed between two versions
gate         what may be promoted, and why not
accuracy     what versions were worth when actual values arrived
calibration  limits replayed over a history, and proposed from it
client       reading over HTTP
contract     what every snapshot of a set promises; keys and guess go with it
catalog      the mutable half: names for versions, in SQL
access       who may read what over HTTP
storage      the immutable half: snapshots and their files
lookup       the read file: rows by key, ready to send
render       text, Markdown, HTML and pictures for all reports

ARCHITECTURE.md has the tree, in the order in which rooms may use each other.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from estimates.compare.table_diff import changes, diff
    from estimates.contract.contract import Contract
    from estimates.contract.contract_file import read_contract
    from estimates.errors import (
        ConflictError,
        CorruptError,
        EstimatesError,
        GateError,
        InvalidError,
        NotFoundError,
        RefusedError,
        StaleError,
        UnavailableError,
    )
    from estimates.stability.report import Report
    from estimates.store.store import Store

__version__ = "0.1.0"

_HOMES = {
    "Contract": "contract.contract",
    "read_contract": "contract.contract_file",
    "ConflictError": "errors",
    "CorruptError": "errors",
    "EstimatesError": "errors",
    "GateError": "errors",
    "InvalidError": "errors",
    "NotFoundError": "errors",
    "RefusedError": "errors",
    "StaleError": "errors",
    "UnavailableError": "errors",
    "Report": "stability.report",
    "Store": "store.store",
    "changes": "compare.table_diff",
    "diff": "compare.table_diff",
}

__all__ = [
    "ConflictError",
    "Contract",
    "CorruptError",
    "EstimatesError",
    "GateError",
    "InvalidError",
    "NotFoundError",
    "RefusedError",
    "Report",
    "StaleError",
    "Store",
    "UnavailableError",
    "__version__",
    "changes",
    "diff",
    "read_contract",
]


def __getattr__(name: str) -> object:
    # Names are loaded when first used, so that `import estimates` costs nothing.
    if name in _HOMES:
        from estimates.extras import needs

        with needs("store"):
            return getattr(import_module(f"estimates.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'estimates' has no attribute {name!r}")
