"""Secrets are sown wherever one may stand, and searched for in all that the life of a set leaves:
what commands print, the store, the catalog, MLflow, what a service answers and logs, what receivers
are sent.
"""

from __future__ import annotations

import base64
import shlex
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from estimates import redaction
from estimates.storage.objects import Objects
from tests.api.served import started
from tests.client.stub import Scripted, Stub, stub
from tests.jobs.cli.calls import call
from tests.jobs.notify.receivers import TAKEN
from tests.s3_server import SECRET as OF_BUCKET

_NAMES = (
    *("parameter", "nested", "url", "signature", "fetched", "catalog", "mlflow", "hook"),
    *("hook-path", "hook-query", "lineage", "lineage-key", "key-password", "own"),
)
SOWN = {name: f"sown-{name}-6fKq" for name in _NAMES}
SOWN["signing"] = base64.b64encode(b"sown-signing-6fKq-sown-signing-6").decode()
CONTRACT = """
name = "prices"
[key.ticker]
type = "string"
[columns.price]
max = 500
[gate]
promote = "manual"
[gate.custom.own]
function = "sown_job:check"
[job]
function = "sown_job:{function}"
[job.parameters]
factor = 2
api_key = "env:SOWN_KEY"
service = {{ headers = ["env:SOWN_NESTED"] }}
[job.inputs.closes]
source = "env:SOWN_URL"
time = "date"
"""
JOB = """
import logging
import os
import polars as pl

def last(context):
    key = context.parameters["api_key"]
    print("asking with", key)
    logging.getLogger("sown").warning("asked with %s", context.parameters["service"])
    context.warn(f"the service took {key}")
    print(dict(os.environ))
    closes = context.input("closes")
    return closes.sort("date").group_by("ticker").agg(price=pl.col("close").last())

def check(candidate, baseline, contract):
    if candidate["price"].max() > 20.15:
        raise RuntimeError(f"no limit for {os.environ['SOWN_API_KEY']}")

def breaks(context):
    print("reads", context.input("closes").height)
    try:
        raise ConnectionError(f"403 for {context.parameters['service']['headers'][0]}")
    except ConnectionError as error:
        raise RuntimeError(f"no answer to key={context.parameters['api_key']}") from error
"""
CLOSES = b"""\
ticker,date,close
A,2024-01-02,10.0
B,2024-01-02,20.0
A,2024-01-03,10.1
B,2024-01-03,20.1
"""
ROWS = b"ticker,price\nA,10.2\nB,20.2\n"
# Exit code and command.
LIFE = """
0 init
0 define last.toml
0 run prices --through 2024-01-02 --run-id one
0 run prices --through 2024-01-03 --run-id two --format json
0 run prices --through 2024-01-03 --run-id three --check-lookahead
1 publish prices {fetched} --through 2024-01-03 --run-id four
3 publish prices {away} --through 2024-01-03 --run-id five
0 gate prices 2
1 gate prices 4
1 gate prices --file {fetched} --through 2024-01-03
0 promote prices 1 --reason test
0 promote prices 2 --reason test
0 define breaks.toml
4 run prices --through 2024-01-03 --run-id six --debug
4 run prices --through 2024-01-03 --run-id seven --format json
0 rollback prices --reason test
0 diff prices 1 2 --why
0 diff prices 1 2 --format json
0 explain prices A
0 explain prices A --format json
0 versions prices
0 versions prices --format json
0 runs prices
0 runs prices --format json
0 runs prices one
0 runs prices six --format json
0 log prices
0 log --format json
0 status prices
0 status --format json
0 token list --format json
0 verify
0 audit
0 track
0 notify --after 0
0 export prices --ref 2 -o left/export.parquet
0 sql "SELECT * FROM prices"
0 backup left/backup
0 site prices -o left/site
"""
PAGES = """
/v1/sets /v1/sets/prices /v1/sets/prices/versions /v1/sets/prices/versions/1
/v1/sets/prices/versions/2/verdict /v1/sets/prices/explain/A /v1/sets/prices/history/A
/v1/sets/prices/diff?from=1&to=2 /v1/sets/prices/stability /v1/events /health/ready /metrics
/ /events /sets/prices /sets/prices/versions/1 /sets/prices/verdicts/2 /sets/prices/diff/1/2
/sets/prices/keys/A /v1/sets/nothing /v1/sets/prices/versions/9
"""
Left = dict[str, bytes]


@pytest.mark.slow
@pytest.mark.parametrize("where", ["folder", pytest.param("servers", marks=pytest.mark.stack)])
def test_no_secret_is_left(
    request: pytest.FixtureRequest, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a life with failures, in a folder or on servers, no secret stands anywhere; the references
    do.
    """
    _prepare(tmp_path, monkeypatch)
    with ExitStack() as stack:
        closes, rows = (
            stack.enter_context(stub(Scripted(200, body, "text/csv"))) for body in (CLOSES, ROWS)
        )
        receiver = stack.enter_context(stub(TAKEN))
        settings = _settings(tmp_path, closes, receiver)
        settings |= _on_servers(request, tmp_path, stack) if where == "servers" else {}
        mlflow = settings.pop("MLFLOW", "")
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        first, then = LIFE.split("0 track\n")
        left = _lived(first, rows)
        monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow)
        left |= _lived(f"0 track\n{then}", rows)
        may = ("--may", "provenance", "--may", "metrics")
        token = call("token", "create", "app", *may, "--format", "json").json["secret"]
        left |= _served(tmp_path, settings["ESTIMATES_STORE"], token)
        left |= {f"sent {n}": posted.body for n, posted in enumerate(receiver.posted)}
        left |= _files(tmp_path)
        if where == "servers":
            left |= _objects(settings["ESTIMATES_STORE"])
            left |= _rows(settings["ESTIMATES_CATALOG"]) | _rows(mlflow)
    secrets = [secret.encode() for secret in (*SOWN.values(), OF_BUCKET, token)]
    leaks = [(place, secret) for place in left for secret in secrets if secret in left[place]]
    assert not leaks
    assert len(receiver.posted) > 10
    for word in (
        b"env:SOWN_KEY",
        b"env:SOWN_URL",
        b"asking with ***",
        b"key=***",
        b"no limit for ***",
    ):
        assert any(word in content for content in left.values()), word


def _prepare(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder with a job and its contract, once as it works and once as it fails."""
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(redaction, "_kept", set())
    (folder / "left").mkdir()
    (folder / "sown_job.py").write_text(JOB)
    for function in ("last", "breaks"):
        (folder / f"{function}.toml").write_text(CONTRACT.format(function=function))


def _settings(folder: Path, closes: Stub, receiver: Stub) -> dict[str, str]:
    """Every setting that may have a secret, with one; MLflow is away."""
    return {
        "ESTIMATES_STORE": str(folder / "store"),
        "ESTIMATES_HOSTS": "127.0.0.1",
        "ESTIMATES_KEY_PASSWORD": SOWN["key-password"],
        "ESTIMATES_NOTIFY": f"{_with(receiver, 'hook')}/{SOWN['hook-path']}"
        f"?token={SOWN['hook-query']}",
        "ESTIMATES_NOTIFY_SECRET": f"whsec_{SOWN['signing']}",
        "OPENLINEAGE_URL": _with(receiver, "lineage"),
        "OPENLINEAGE_API_KEY": SOWN["lineage-key"],
        "SOWN_API_KEY": SOWN["own"],
        "SOWN_KEY": SOWN["parameter"],
        "SOWN_NESTED": SOWN["nested"],
        "SOWN_URL": f"{_with(closes, 'url')}/closes.csv?sig={SOWN['signature']}",
        "MLFLOW_TRACKING_URI": f"http://ann:{SOWN['mlflow']}@127.0.0.1:9",
    }


def _with(server: Stub, name: str) -> str:
    return server.url.replace("://", f"://ann:{SOWN[name]}@")


def _on_servers(request: pytest.FixtureRequest, folder: Path, stack: ExitStack) -> dict[str, str]:
    """The store in a bucket; catalog and MLflow in PostgreSQL, by URLs with passwords."""
    s3, postgresql = request.getfixturevalue("s3"), request.getfixturevalue("postgresql")
    catalog, mlflow = (
        sa.make_url(stack.enter_context(postgresql.database("template0")))
        .set(password=SOWN[name])
        .render_as_string(hide_password=False)
        for name in ("catalog", "mlflow")
    )
    return s3.environment() | {
        "ESTIMATES_STORE": f"s3://{s3.bucket()}/store",
        "ESTIMATES_CATALOG": catalog,
        "ESTIMATES_CACHE": str(folder / "cache"),
        "MLFLOW": mlflow,
    }


def _lived(life: str, rows: Stub) -> Left:
    """What each command prints, whose exit code has to be as it stands there."""
    table = f"{_with(rows, 'fetched')}/rows.csv?sig={SOWN['signature']}"
    away = table.replace(rows.url.rpartition(":")[2].partition("/")[0], "9")
    left = Left()
    for number, line in enumerate(life.strip().splitlines()):
        code, *words = shlex.split(line)
        called = call(*(word.format(fetched=table, away=away) for word in words))
        assert (line, called.code) == (line, int(code)), (called.err, called.text)
        left[f"{number} {line}"] = called.out + called.err.encode()
    return left


def _served(folder: Path, store: str, token: str) -> Left:
    """What a service answers, its errors too; its log is a file."""
    left = Left()
    options = ("--log-level", "debug", "--access-log")
    with (
        started(store, 1, *options, log=folder / "service.log", secret=token) as served,
        httpx.Client(base_url=served.url, headers={"authorization": f"Bearer {token}"}) as client,
    ):
        for page in PAGES.split():
            left[f"served {page}"] = client.get(page).content
    return left


def _files(folder: Path) -> Left:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _objects(root: str) -> Left:
    objects = Objects(root)
    return {f"{root}/{name}": objects.get(name) for name in objects.names("")}


def _rows(url: str) -> Left:
    """All rows of a database, by table."""
    engine = sa.create_engine(url)
    tables = sa.MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        left = {
            f"{engine.url.database} {table.name}": str(connection.execute(sa.select(table)).all())
            for table in tables.sorted_tables
        }
    engine.dispose()
    return {place: text.encode() for place, text in left.items()}
