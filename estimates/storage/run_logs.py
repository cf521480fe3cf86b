"""Where the log of a run lies: what its job printed and logged, beside the store's files."""

from __future__ import annotations

import hashlib

FOLDER = "runs"


def name_of(run_id: str) -> str:
    """Where a run's log is, below the store's root."""
    # a run_id may have any character, and be longer than a file's name
    return f"{FOLDER}/{hashlib.sha256(run_id.encode()).hexdigest()}.json"
