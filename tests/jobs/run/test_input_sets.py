"""Sets as inputs of other sets."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from estimates import instants
from estimates.catalog.records import Provenance
from estimates.catalog.sets_read import read_by, sets_read
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError, NotFoundError
from estimates.store.store import Store
from estimates_jobs.attribution.why import rerun
from estimates_jobs.run.job_function import JobError
from estimates_jobs.run.runner import run
from tests.jobs.cli.calls import call

BASE = """
name = "units"
[key.item]
[columns.n]
[gate]
profile = "exploratory"
""".replace("[key.item]", '[key.item]\ntype = "string"')
DERIVED = BASE.replace("units", "money") + (
    '[job]\nfunction = "{module}:job"\n[job.inputs.sold]\nset = "units"\n'
)
JOB = """
import polars as pl
from pathlib import Path
def job(context):
    sold = context.input("sold")
    if Path("broken").exists():
        raise ValueError("no price today")
    return sold.with_columns(n=pl.col("n") * 2)
"""


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")


@pytest.fixture
def store(local_store: Store, request: pytest.FixtureRequest) -> Store:
    """Units without a version, and money, which is made of them."""
    module = f"money_{abs(hash(request.node.nodeid))}"
    Path(f"{module}.py").write_text(JOB)
    for text in (BASE, DERIVED.format(module=module)):
        local_store.define(parse_contract(text), text)
    return local_store


def add_units(store: Store, n: float, through: datetime, released: datetime | None = None) -> int:
    """Publish and promote a version of the units; gives its number."""
    frame = pl.DataFrame({"item": ["a"], "n": [n]})
    origin = Provenance(through, f"units-{n}")
    version = store.publish("units", frame, origin, released_at=released).version
    store.promote("units", version, reason="test")
    return version


def day(number: int) -> datetime:
    """Noon of a day in May of 2024."""
    return datetime(2024, 5, number, 12, tzinfo=UTC)


def test_the_version_in_force_is_read(store: Store) -> None:
    """A run reads what was in production at its data_through, by claimed releases too; version and
    snapshot are in its provenance, its status, that of the set it read, and its explanation.
    """
    for number in (1, 2, 3):
        add_units(store, number, day(number), day(number) + timedelta(hours=1))
    outcome, _ = run(store, "money", data_through=day(2) + timedelta(hours=6), run_id="r1")
    version = store.resolve("money", outcome.version)
    assert store.frame(version)["n"].to_list() == [4.0]
    (source,) = version.provenance.inputs
    units = store.resolve("units", 2)
    assert (source.set, source.version, source.digest) == ("units", "2", units.snapshot_id)
    store.promote("money", 1, reason="test")
    view = store.view()
    (edge,) = sets_read(view, version)
    assert (edge.input, edge.set, edge.version, edge.production) == ("sold", "units", 2, 3)
    assert [(r.set, r.version, r.read) for r in read_by(view, "units")] == [("money", 1, 2)]
    root = str(store.root)
    edges = {"money": "made of units 2 (production is 3)", "units": "read by money 1 (of 2)"}
    for name, said in edges.items():
        assert said in " ".join(call("status", name, "--store", root).text.split())
    explained = call("explain", "money", "a", "--store", root).text
    assert "sold: units version 2, 1 rows" in " ".join(explained.split())
    assert isinstance(rerun(store, version), pl.DataFrame)


def test_without_through_a_run_goes_as_far_as_the_set_that_it_reads(store: Store) -> None:
    """Production is promoted after its data end: the run reads what it points to now, through the
    same moment, and a set that rolls on has the steps of the other; a run that failed before it
    read goes on with the version that there was.
    """
    add_units(store, 1, day(1))
    add_units(store, 2, day(2))
    outcome, _ = run(store, "money", run_id="r1")
    assert outcome.data_through == day(2)
    assert store.resolve("money", 1).provenance.inputs[0].version == "2"
    Path("broken").touch()
    with pytest.raises(JobError, match="no price today"):
        run(store, "money", run_id="r2")
    add_units(store, 3, day(3))
    Path("broken").unlink()
    again, _ = run(store, "money", run_id="r2")
    assert again.data_through == day(2)
    assert store.resolve("money", again.version).provenance.inputs[0].version == "2"


def test_a_rerun_reads_the_same_version(store: Store) -> None:
    """A run that failed reads the version that it read first, whatever was promoted since."""
    add_units(store, 1, day(1))
    through = instants.now()
    Path("broken").touch()
    with pytest.raises(JobError, match="no price today"):
        run(store, "money", data_through=through, run_id="r1")
    add_units(store, 2, day(2), day(3))
    Path("broken").unlink()
    run(store, "money", data_through=through, run_id="r1")
    assert store.resolve("money", 1).provenance.inputs[0].version == "1"


def test_nothing_later_is_seen(store: Store) -> None:
    """A version that saw data after data_through is not read; where there is no other one, or no
    version at all, the run says so and reads nothing.
    """
    with pytest.raises(NotFoundError, match="input 'sold': units: nothing was promoted") as error:
        run(store, "money", data_through=day(1))
    add_units(store, 1, day(2))
    with pytest.raises(NotFoundError) as error:
        run(store, "money", data_through=day(1))
    assert error.value.code == "before_first"
    assert store.view().set("money").versions == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ('set = "units"\ntime = "day"', "neither 'time' nor 'static'"),
        ('set = "units"\nsource = "x.csv"', "one of 'source', 'query' and 'set'"),
        ('source = "postgresql://u:secret@h/d?table=t"\ntime = "day"', "leave the password out"),
        ('source = "postgresql://h/d"\ntime = "day"', "one table"),
    ],
)
def test_a_contract_says_one_source(fields: str, said: str) -> None:
    """An input that names two sources, a set with a time, or a database with a password is refused,
    and the password is not repeated.
    """
    text = DERIVED.format(module="m").replace('set = "units"', fields)
    with pytest.raises(InvalidError, match=said) as error:
        parse_contract(text)
    assert "secret" not in str(error.value)
