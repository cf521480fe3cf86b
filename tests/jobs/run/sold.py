"""A set with a job of the user's own, on a table of what was sold: for tests of runs."""

from __future__ import annotations

from estimates.catalog.run_record import Run
from estimates.contract.contract_file import parse_contract
from estimates.store.store import Store
from estimates_jobs.run.runner import Outcome, run

CONTRACT = """
name = "demand"
[key.item]
type = "string"
[columns.p]
max = 1000
[domain]
kind = "open"
[gate]
promote = "{promote}"
[job]
function = "{module}:job"
parameters = {{ times = {times} }}
[job.inputs.sold]
source = "sold.csv"
time = "day"
{more}
"""
JOB = """
import polars as pl
def job(context):
    sold = context.input("sold")
    context.warn("hello")
    totals = sold.group_by("item").agg(pl.col("n").sum().alias("p"))
    return totals.with_columns(p=pl.col("p") * context.parameters["times"])
"""
LOOSE = """[gate.checks]
p95_change.off = "items move"
median_shift.off = "items move"
jumps.off = "items move"
rank_order.off = "items move"
added_keys.off = "items come"
removed_keys.off = "items go"
"""
SOLD = (
    "item,day,n\na,2024-05-01,1\nb,2024-05-01,2\na,2024-05-02,1\n"
    "b,2024-05-02,1\na,2024-05-03,9\nc,2024-05-04,7\n"
)


def define(
    store: Store, module: str, *, promote: str = "automatic", times: int = 1, more: str = ""
) -> None:
    """Register the contract of this file."""
    text = CONTRACT.format(module=module, promote=promote, times=times, more=more)
    store.define(parse_contract(text), text)


def go(
    store: Store, day: str = "2024-05-02", run_id: str = "r1", *, check_lookahead: bool = False
) -> Outcome:
    """Run the set through a day."""
    return run(store, "demand", data_through=day, run_id=run_id, check_lookahead=check_lookahead)[0]


def row(store: Store, run_id: str = "r1") -> Run:
    """The row of a run."""
    stored = store.catalog.run(run_id)
    assert stored is not None
    return stored


def values(store: Store, version: int) -> dict[str, float]:
    """The estimates of a version by item."""
    return dict(store.frame(store.resolve("demand", version)).select("item", "p").rows())
