"""Estimates as a service: versioned, gated sets of estimates, read by key.

errors      the tree of errors, by what the caller does next
contract    what every snapshot of a set promises (its parts: columns, domain, shape)
frame       makes a frame conform to a contract
records     what the catalog holds: versions, aliases, events, runs
snapshot    the immutable half: Parquet and manifest
catalog     the mutable half: names for versions, in SQL
lookup      the read file: rows by key, ready to send
data_files  the stored Parquet, verified, in pieces
store       publish, judge, promote, roll back, open
reader      get, get_many, scan, history by ref
answer      what reading gives
comparison  two versions side by side; change_page shows it a page at a time
tabular     answers as polars frames, CSV and Arrow
two_tables  two tables without a store: `diff`, `changes`; guessed_contract says what their columns
            may be
stability   what changed between two versions
accuracy    what versions were worth when actual values arrived; scoring keeps it
gate        what may be promoted, and why not
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
