"""The variables that a contract's job refers to by `env:NAME`; their values are known to the run
alone.

The contract, its versions, logs and MLflow keep the reference, and what a run says has `***` in
place of the value.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import msgspec

from estimates.contract.contract import Contract
from estimates.contract.job_inputs import Input, Job, is_database, variable_of
from estimates.errors import InvalidError
from estimates.redaction import keep_secrets


def with_values(contract: Contract) -> Contract:
    """A contract with the values of this process's environment in place of its job's references.

    Raises InvalidError: `no_variable` (some are not set; an empty one counts as such), `bad_input`
    (a source's value is the URL of a database and names no table).
    """
    job = contract.job
    if job is None:
        return contract
    _check_set(contract.name, job)
    parameters = _values(job.parameters)
    inputs = {name: _input(name, spec) for name, spec in job.inputs.items()}
    job = msgspec.structs.replace(job, parameters=parameters, inputs=inputs)
    return msgspec.structs.replace(contract, job=job)


def _check_set(set_name: str, job: Job) -> None:
    references = [
        *_references("parameters", job.parameters),
        *_references("inputs", {name: {"source": of.source} for name, of in job.inputs.items()}),
    ]
    missing = [(f"job.{place}", name) for place, name in references if not os.environ.get(name)]
    if missing:
        places = ", ".join(f"{place} = env:{name}" for place, name in missing)
        exports = " ".join(f"{name}=…" for name in dict.fromkeys(name for _, name in missing))
        raise InvalidError(
            "no_variable",
            f"{set_name}: the environment has no value for {places}",
            remedy=f"where the run is started: export {exports}",
        )


def _references(place: str, content: Any) -> Iterator[tuple[str, str]]:
    """Where variables are named, and which."""
    if isinstance(content, list):
        content = dict(enumerate(content))
    if isinstance(content, dict):
        for name, part in content.items():
            yield from _references(f"{place}.{name}", part)
    elif variable := variable_of(content):
        yield place, variable


def _values(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: _values(part) for name, part in content.items()}
    if isinstance(content, list):
        return [_values(part) for part in content]
    variable = variable_of(content)
    return content if variable is None else _value(variable)


def _value(variable: str) -> str:
    value = os.environ[variable]
    keep_secrets([value])
    return value


def _input(name: str, spec: Input) -> Input:
    variable = variable_of(spec.source)
    if variable is None:
        return spec
    source = _value(variable)
    if is_database(source):
        from estimates_jobs.tables.database_tables import without_password  # loads polars

        source = without_password(source)
    try:
        return msgspec.structs.replace(spec, source=source)
    except ValueError as error:
        raise InvalidError(
            "bad_input",
            f"input {name!r}: the value of {variable}: {error}",
            remedy=f"mend {variable}, where the run is started",
        ) from None
