"""The demo's store, played once for all test processes."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from estimates_jobs.demo.price_feed import PRICES, examples_folder
from estimates_jobs.demo.week import play
from tests.made_once import made_once, shared_folder
from tests.mlflow_tables import AddMlflow


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, add_mlflow: AddMlflow) -> Path:
    """A folder with `store`, beside the files that examples name."""

    def make(folder: Path) -> None:
        add_mlflow(folder)
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
            play(str(folder / "store"), quiet=True)
        prices = pl.read_parquet(examples_folder() / PRICES)
        prices.rename({"date": "target_date", "close": "actual"}).write_csv(folder / "closes.csv")
        (folder / "wanted.csv").write_text("ticker,target_date\nAAPL,2021-12-30\n")

    return made_once(shared_folder(tmp_path_factory) / "examples-demo", make)
