"""datacompy, which compares tables for equality, finds the same keys. It has an environment of its
own.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from estimates.contract.contract_file import parse_contract
from estimates.stability.diff import diff
from tests.stability.changed_keys import changed_keys

pytestmark = pytest.mark.slow

PYTHON = Path(__file__).parents[2] / ".venv-datacompy" / "bin" / "python"
SCRIPT = """
import json, sys
import polars as pl
from datacompy import PolarsCompare
a, b = (pl.read_parquet(path) for path in sys.argv[1:])
found = PolarsCompare(a, b, join_columns=["shop", "day"])
def keys(frame):
    return sorted([row["shop"], str(row["day"])] for row in frame.iter_rows(named=True))
changed = found.all_mismatch()
changed = changed if changed.height else found.intersect_rows.clear()
print(json.dumps({
    "changed": keys(changed), "removed": keys(found.df1_unq_rows),
    "added": keys(found.df2_unq_rows),
    "equal": found.count_matching_rows(), "matches": found.matches(),
}))
"""
CONTRACT = parse_contract(
    """
    name = "s"
    [key.shop]
    type = "string"
    [key.day]
    type = "integer"
    [columns.value]
    [columns.advice]
    role = "label"
    """
)


def versions(moved: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Two versions without nulls; some keys come and go, a share moved, of the labels half as
    many.
    """
    rng = np.random.default_rng(8)
    n = 3000
    key = {"shop": [f"{i // 50:02}" for i in range(n)], "day": [i % 50 for i in range(n)]}
    a = pl.DataFrame(
        {**key, "value": rng.normal(0, 10, n), "advice": rng.choice(["buy", "wait"], n)}
    )
    up = rng.random(n) < moved
    other = rng.random(n) < moved / 2
    b = a.with_columns(
        value=pl.when(up).then(pl.col("value") * 1.01 + 1e-7).otherwise("value"),
        advice=pl.when(other).then(pl.lit("sell")).otherwise("advice"),
    )
    b = b.with_columns(
        shop=pl.when(pl.col("day") == 49, moved > 0).then("x" + pl.col("shop")).otherwise("shop")
    )
    return a, b.sample(fraction=1, shuffle=True, seed=4)


@pytest.mark.parametrize("moved", [0.0, 0.3, 1.0])
def test_the_same_keys_changed(moved: float, tmp_path: Path) -> None:
    """On clean data the changed, added, removed and equal keys are those of datacompy."""
    if not PYTHON.exists():
        pytest.fail(f"{PYTHON} does not exist; `just datacompy` makes it")
    frames = versions(moved)
    paths = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    for frame, path in zip(frames, paths, strict=True):
        frame.write_parquet(path)
    run = subprocess.run(
        [PYTHON, "-c", SCRIPT, *paths], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    theirs = json.loads(run.stdout)
    rows = changed_keys(*frames, CONTRACT)
    for what in ("changed", "added", "removed"):
        ours = (
            rows.filter(change=what)
            .select("shop", pl.col("day").cast(pl.String))
            .sort("shop", "day")
            .rows()
        )
        assert [list(key) for key in ours] == theirs[what], what
    report = diff(*frames, CONTRACT)
    assert report.keys.identical_share is not None
    assert round(report.keys.identical_share * report.keys.common) == theirs["equal"]
    assert report.identical == theirs["matches"]
