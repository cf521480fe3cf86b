"""docs/many-machines.md is walked through as written: a bucket, a PostgreSQL, two machines and a
reader.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from obstore.exceptions import UnknownConfigurationKeyError
from obstore.store import AzureStore, GCSStore, S3Store

from tests.conftest import PostgreSQL
from tests.s3_server import S3Server

PAGE = (Path(__file__).parents[2] / "docs" / "many-machines.md").read_text()
STORES = {"AWS": S3Store, "GOOGLE": GCSStore, "AZURE": AzureStore}


def blocks(language: str, machine: str = "") -> str:
    """The fenced blocks of a language; of those that begin with a machine's name only these."""
    every = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    beginning = f"# {machine}" if machine else ""
    return "\n".join(block for block in every if block.startswith(beginning))


def shell(script: str, home: Path) -> str:
    """What a shell that stops at the first failure prints, on a machine with nothing set."""
    home.mkdir(exist_ok=True)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ESTIMATES_", "AWS_"))}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=home,
        env=kept | {"HOME": str(home), "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.stack
def test_the_walk(s3: S3Server, postgresql: PostgreSQL, tmp_path: Path) -> None:
    """Every block runs where it is said to, and the second machine reads what the first wrote."""
    with postgresql.database("template0") as url:
        here = sa.make_url(url).set(drivername="postgresql")

        def named(user: str) -> str:
            return here.set(username=user).render_as_string(hide_password=False)

        def as_here(script: str) -> str:
            for theirs, ours in (
                ("postgresql://estimates@db.example.com/estimates", f"'{named('postgres')}'"),
                ("postgresql://reader@db.example.com/estimates", f"'{named('reader')}'"),
                ("s3://estimates-bucket", f"s3://{bucket}"),
                ("https://s3.example.com", f"{s3.endpoint} AWS_ALLOW_HTTP=true"),
            ):
                script = script.replace(theirs, ours)
            return script

        bucket = s3.bucket()
        both = as_here(blocks("bash", "both"))
        shell(both + as_here(blocks("bash", "the first")), tmp_path / "first")
        read = shell(both + as_here(blocks("bash", "the second")), tmp_path / "second")
        assert "0.25" in read
        assert "1 version, every file and every record matches its digest" in read
        assert not (tmp_path / "second" / "churn.csv").exists()
        with psycopg.connect(named("postgres"), autocommit=True) as connection:
            connection.execute(blocks("sql").encode())
        try:
            reader = both + as_here(blocks("bash", "a machine"))
            assert "0.5" in shell(reader, tmp_path / "reader")
            waive = "estimates waive churn nan --version 1 --reason no --until 2100-01-01"
            refused = f"{reader}\nset +e; {waive} 2>&1; test $? = 2"
            assert "_refused]" in shell(refused, tmp_path / "reader")
        finally:
            with psycopg.connect(named("postgres"), autocommit=True) as connection:
                connection.execute("DROP OWNED BY reader; DROP ROLE reader")


def test_every_variable_is_one_that_obstore_reads() -> None:
    """What the table of buckets names is known, and what the page says is not read is not."""
    table = "\n".join(line for line in PAGE.splitlines() if line.startswith(("| `A", "| `G")))
    variables = re.findall(r"`((?:AWS|GOOGLE|AZURE)_[A-Z_]+)`", table)
    assert len(variables) > 20
    for variable in variables:
        assert _is_known(variable), variable
    assert not _is_known("AWS_PROFILE")


def _is_known(variable: str) -> bool:
    store = STORES[variable.split("_")[0]]
    try:
        store("bucket", config={variable.lower(): "true"})  # pyrefly: ignore
    except UnknownConfigurationKeyError:
        return False
    except Exception:  # known, and not with this value or not alone
        pass
    return True
