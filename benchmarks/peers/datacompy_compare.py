"""How long datacompy takes to compare two Parquet files; run by datacompy's own environment, which has nothing of ours.

datacompy_compare.py A B ROUNDS KEY…   prints the fewest seconds of the rounds; reading the files does not count
"""

from __future__ import annotations

import sys
import time

import polars as pl
from datacompy import PolarsCompare


def main() -> None:
    a, b = (pl.read_parquet(path) for path in sys.argv[1:3])
    taken: list[float] = []
    for _ in range(int(sys.argv[3])):
        start = time.perf_counter()
        PolarsCompare(a, b, join_columns=sys.argv[4:])
        taken.append(time.perf_counter() - start)
    print(min(taken))


if __name__ == "__main__":
    main()
