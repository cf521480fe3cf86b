"""A run without a store: what a job computes, held against its contract. For tests of jobs."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from estimates import instants
from estimates.contract.conform import conform
from estimates.contract.contract_file import read_contract
from estimates.errors import InvalidError
from estimates_jobs.run.context import Context, data_reach
from estimates_jobs.run.job_function import Function


def trial_run(
    contract_file: str | Path, *, through: str | None = None, check_lookahead: bool = False
) -> pl.DataFrame:
    """What the job of a contract computes, in the contract's columns and types; nothing is stored.

    through          the last moment of data, as for `estimates run`; default: as far as data go
    check_lookahead  run it again with everything later corrupted, and demand the same output
    Raises InvalidError (`no_file`, `bad_contract`, `no_job`, `no_variable`, `future`, and whatever
    inputs, parameters and frame get wrong), JobError, GateError (`looks_ahead`).
    """
    contract = read_contract(contract_file)
    if contract.job is None:
        raise InvalidError(
            "no_job",
            f"{contract.name}: the contract has no [job]",
            remedy="write one, with its function and inputs",
        )
    moment = data_reach(contract) if through is None else instants.parse_through(through)
    context = Context(contract, moment)
    function = Function(contract.job.function)
    frame = function(context)
    if check_lookahead:
        from estimates_jobs.run.lookahead import check_lookahead as check

        check(function, context, frame)
    return conform(frame, contract)
