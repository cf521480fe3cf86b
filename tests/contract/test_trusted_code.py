"""Modules and addresses that a contract names count as far as the operator's settings name them."""

from __future__ import annotations

import pytest

from estimates.contract.trusted_code import check_address, check_module
from estimates.errors import RefusedError


def refused(source: str) -> str | None:
    """The host for which an address is refused, as the message says; None if it is not."""
    try:
        check_address(source, "input 'x'")
    except RefusedError as error:
        return error.message.partition("is fetched from ")[2].partition(", because")[0]
    return None


@pytest.mark.parametrize(
    ("source", "host"),
    [
        ("https://data.example.com/a.csv", "data.example.com"),
        ("https://u:p@DATA.example.com:8443/a.csv", "data.example.com"),
        ("http://169.254.169.254/latest/meta-data", "169.254.169.254"),
        ("https://allowed.example.com@evil.example/a.csv", "evil.example"),
        ("s3://sales/a.parquet", "s3://sales"),
        ("gs://sales/", "gs://sales"),
        ("postgresql://db.example.com/shop?table=t", "db.example.com"),
        ("postgresql+psycopg:///shop?host=evil.example&table=t", "evil.example"),
        ("mssql+pyodbc:///?odbc_connect=Server%3Devil&table=t", "Server=evil"),
        ("duckdb:///md:shop?table=t", "md:"),
        ("duckdb:///shop.duckdb?table=t", None),
        ("sqlite:///shop.db?table=t", None),
        ("iceberg://prod/shop.sales", None),
        ("days/*.parquet", None),
        ("/srv/days.csv", None),
    ],
)
def test_nothing_is_fetched_from_hosts_that_nobody_named(source: str, host: str | None) -> None:
    """Files of this machine are free; of everything else the host, or the bucket, is named."""
    assert refused(source) == host


def test_the_remedy_can_be_copied_and_is_no_command_of_the_contracts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It names what is allowed and the host to add; one that a shell would read is not repeated."""
    monkeypatch.setenv("ESTIMATES_HOSTS", "s3://sales")
    with pytest.raises(RefusedError, match=r"export ESTIMATES_HOSTS=s3://sales,a\.example$"):
        check_address("https://a.example/x.csv", "input 'x'")
    with pytest.raises(RefusedError, match=r"adds it to ESTIMATES_HOSTS$"):
        check_address("https://$(id)/x.csv", "input 'x'")


@pytest.mark.parametrize(
    ("allowed", "source", "is_fetched"),
    [
        ("data.example.com", "https://data.example.com/a.csv", True),
        ("data.example.com", "https://data.example.com.evil.example/a.csv", False),
        ("other.org, data.example.com", "http://data.example.com:8080/a.csv", True),
        ("*.example.com", "https://a.b.example.com/x", True),
        ("*.example.com", "https://badexample.com/x", False),
        ("s3://sales", "s3://sales/2024/a.parquet", True),
        ("s3://sales", "s3://sales-of-others/a.parquet", False),
        ("*", "https://anything.example/x", True),
    ],
)
def test_what_the_operator_names_is_fetched(
    allowed: str, source: str, is_fetched: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host, those below a name, a bucket, or any."""
    monkeypatch.setenv("ESTIMATES_HOSTS", allowed)
    assert (refused(source) is None) == is_fetched


@pytest.mark.parametrize(
    ("setting", "module", "is_loaded"),
    [
        ("", "anything", True),
        ("acme", "acme", True),
        ("acme", "acme.jobs.daily", True),
        ("acme", "acme_evil", False),
        ("other acme.jobs", "acme.jobs", True),
        ("acme.jobs", "acme", False),
        ("none", "acme", False),
    ],
)
def test_modules_are_loaded_as_far_as_the_operator_names_them(
    setting: str, module: str, is_loaded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module, and what lies in a package; where nothing is set, any."""
    monkeypatch.setenv("ESTIMATES_MODULES", setting)
    if is_loaded:
        check_module(module, "job x")
    else:
        with pytest.raises(RefusedError, match="ESTIMATES_MODULES"):
            check_module(module, "job x")
