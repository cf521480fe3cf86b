"""Tests; with SMALL_PARTS set, snapshots are cut every few rows, in child processes too."""

import os

from estimates.storage import parts

if os.environ.get("SMALL_PARTS"):
    parts.LEAST_ROWS, parts.MOST_ROWS, parts.ENDS_ONE_IN = 2, 3, 2
