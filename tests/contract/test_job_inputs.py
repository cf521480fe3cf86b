"""Inputs and jobs of a contract: one source each, no password, no looking ahead by accident."""

from __future__ import annotations

from typing import Any

import pytest

from estimates.contract.job_inputs import Input, Job, is_database, variable_of


@pytest.mark.parametrize(
    "fields",
    [
        {"source": "a.csv", "time": "date"},
        {"source": "a.csv", "static": True},
        {"query": "SELECT 1", "static": True},
        {"set": "prices"},
        {"source": "postgresql://h/d?table=t", "time": "date"},
        {"source": "postgresql+psycopg://h/d?query=SELECT%201", "static": True},
        {"source": "duckdb:///a.db", "query": "SELECT 1", "static": True},
        {"source": "env:PRICES", "time": "date"},
        {"source": "env:PRICES", "query": "SELECT 1", "time": "date"},
    ],
)
def test_inputs_that_say_one_thing(fields: dict[str, Any]) -> None:
    """A file, a query, a set, a database; a variable may be any of them."""
    Input(**fields)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"static": True}, "names one of 'source', 'query' and 'set'"),
        ({"source": "a", "query": "b", "static": True}, "names one of"),
        ({"source": "a", "set": "b"}, "names one of"),
        ({"source": "env:A", "set": "b"}, "names one of"),
        ({"set": "b", "time": "t"}, "a set has neither 'time' nor 'static'"),
        ({"set": "b", "static": True}, "a set has neither"),
        ({"source": "a"}, "names its 'time' column, or says static"),
        ({"source": "a", "time": "t", "static": True}, "names its 'time' column"),
        ({"source": "postgresql://h/d", "static": True}, "a database needs one table"),
        ({"source": "mysql://h/d?table=t", "query": "q", "static": True}, "needs one table"),
        ({"source": "mysql://u:p@h/d?table=t", "static": True}, "leave the password out"),
        ({"source": "mysql://h/d?table=t&password=p", "static": True}, "leave the password out"),
    ],
)
def test_what_an_input_may_not_say(fields: dict[str, Any], fault: str) -> None:
    """Each with what it should be."""
    with pytest.raises(ValueError, match=fault):
        Input(**fields)


def test_what_is_the_url_of_a_database() -> None:
    """With any driver; buckets and web pages are none."""
    assert all(map(is_database, ("postgresql://h", "mssql+pyodbc://h", "sqlite:///a")))
    assert not any(map(is_database, ("s3://b/a.csv", "https://h/a", "postgresql:a", "my://a")))


@pytest.mark.parametrize(
    ("text", "name"),
    [("env:A_1", "A_1"), ("env:", None), ("env:1A", None), (" env:A", None), (5, None)],
)
def test_a_variable_is_named_by_its_prefix(text: Any, name: str | None) -> None:
    """The whole text, or it is an ordinary one."""
    assert variable_of(text) == name


def test_a_job_is_a_function_or_built_in() -> None:
    """Anything else cannot be found."""
    for function in ("forecast", "load", "jobs.demand:mean_sold", "a:b"):
        assert Job(function).function == function
    for function in ("forecasts", "jobs.demand", "a:b:c", "a b:c", ":b"):
        with pytest.raises(ValueError, match="does not name a function"):
            Job(function)
