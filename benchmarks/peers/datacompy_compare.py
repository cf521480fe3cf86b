"""How long datacompy takes for two frames, up to its page of text; run by its environment, which
has nothing of ours.

datacompy_compare.py A B ROUNDS REL_TOL ABS_TOL KEY…   prints the fewest seconds of the rounds;
reading does not count
"""

from __future__ import annotations

import sys
import time

import polars as pl
from datacompy import PolarsCompare


def main() -> None:
    a, b = (pl.read_parquet(path) for path in sys.argv[1:3])
    rel_tol, abs_tol = map(float, sys.argv[4:6])
    taken: list[float] = []
    for _ in range(int(sys.argv[3])):
        start = time.perf_counter()
        PolarsCompare(a, b, join_columns=sys.argv[6:], rel_tol=rel_tol, abs_tol=abs_tol).report()
        taken.append(time.perf_counter() - start)
    print(min(taken))


if __name__ == "__main__":
    main()
