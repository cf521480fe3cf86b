"""Why it moved: data, parameters and interaction told apart by running the job again, or why they
cannot be.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates import instants
from estimates.catalog.records import Provenance
from estimates.contract.contract_file import parse_contract
from estimates.store.store import Store
from estimates_jobs.attribution.split import Frames, LabelSplit, split, split_labels
from estimates_jobs.attribution.why import Why, render_json, why
from estimates_jobs.attribution.why_headline import headline
from estimates_jobs.run.context import Context
from estimates_jobs.run.job_function import Function
from tests.builders import START, make_store
from tests.jobs.cli.calls import call

# p = times * n + more: with n from the data, every part of the split is known.
JOB = """
import polars as pl
def job(context):
    sold = context.input("sold").group_by("item").agg(pl.col("n").sum()).sort("item")
    times, more = context.parameters["times"], context.parameters.get("more", 0.0)
    return sold.select("item", (pl.col("n") * times + more + {noise}).alias("p"))
{imports}
"""
CONTRACT = """
name = "demand"
[key.item]
type = "string"
[columns.p]
scale_floor = 1.0
[domain]
kind = "open"
[gate]
promote = "manual"
[job]
function = "{module}:job"
parameters = {{ {parameters} }}
[job.inputs.sold]
source = "sold.csv"
time = "day"
"""
SOLD = (
    "item,day,n\na,2024-05-01,2\nb,2024-05-01,10\na,2024-05-02,1\nb,2024-05-02,5\nc,2024-05-02,9\n"
)


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Store]]:
    """Makes a store with version 1 (a = 2, b = 10, twice) and version 2 (a = 3, b = 15, c = 9,
    three times).
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    module = f"why_{os.urandom(4).hex()}"

    def make(
        noise: str = "0.0", times: tuple[float, float] = (2.0, 3.0), imports: str = ""
    ) -> Store:
        Path("sold.csv").write_text(SOLD)
        Path(f"{module}.py").write_text(JOB.format(noise=noise, imports=imports))
        store = make_store(tmp_path / "store")
        for number, day in ((0, "2024-05-01"), (1, "2024-05-02")):
            text = CONTRACT.format(module=module, parameters=f"times = {times[number]}")
            store.define(parse_contract(text), text)
            publish(store, day)
        stores.append(store)
        return store

    stores: list[Store] = []
    yield make
    for store in stores:
        store.catalog.engine.dispose()


def publish(store: Store, day: str) -> None:
    """What a run publishes, without judging and recording it."""
    contract = store.contract("demand")
    assert contract.job is not None
    context, function = (
        Context(contract, instants.parse_through(day)),
        Function(contract.job.function),
    )
    function.reload()
    fields = {
        "parameters": contract.job.parameters,
        "code": function.revision,
        "seed": context.seed,
    }
    frame = function(context)
    made = Provenance(
        context.data_through, day, context.digests, job=contract.job.function, **fields
    )
    store.publish("demand", frame, made)


def job_file() -> Path:
    """The file of the test's job."""
    return next(Path().glob("why_*.py"))


def means(result: Why) -> tuple[Any, ...]:
    """Mean of total, data, parameters, interaction; None for what is not known."""
    parts = result.columns["p"]
    return tuple(
        e and e.mean for e in (parts.total, parts.data, parts.parameters, parts.interaction)
    )


def test_known_split(versions: Callable[..., Store]) -> None:
    """For p = times · n the data do Δn · old times, the parameter n · Δtimes, both together Δn ·
    Δtimes; no noise.
    """
    result = why(versions(), "demand", 1, 2)
    # a: 2·2 → 3·3, b: 10·2 → 15·3
    assert means(result) == ((5 + 25) / 2, (2 + 10) / 2, (2 + 10) / 2, (1 + 5) / 2)
    parts = result.columns["p"]
    assert (parts.n, [moved.key for moved in parts.top]) == (2, [["b"], ["a"]])
    top = parts.top[0]
    assert (top.a, top.b, top.d, top.data, top.parameters, top.interaction) == (
        20,
        45,
        25,
        10,
        10,
        5,
    )
    assert parts.data is not None
    assert parts.data.share == pytest.approx(0.4)
    assert parts.noise_from is not None
    assert parts.noise_to is not None
    assert parts.noise_from.mean_absolute == parts.noise_to.mean_absolute == 0
    assert "data 40 %, parameters 40 %, interaction 20 %" in result.headline
    assert "A rerun gives version 1 exactly; a rerun gives version 2 exactly." in result.headline
    changed = {
        difference.name: (difference.old, difference.new)
        for difference in result.differences
        if not difference.same
    }
    assert changed["parameter times"] == (2.0, 3.0)
    assert set(changed) == {"data_through", "input sold", "parameter times"}


def test_nothing_is_stored(versions: Callable[..., Store]) -> None:
    """Asking why leaves no version, no run and no event."""
    store = versions()
    before = store.catalog.last_event(), len(store.runs("demand"))
    assert render_json(why(store, "demand", 1, 2)) == render_json(why(store, "demand", 1, 2))
    assert (store.catalog.last_event(), len(store.runs("demand"))) == before


def test_seeded_randomness_is_no_noise(versions: Callable[..., Store]) -> None:
    """A job that draws from its seed reproduces its versions, and the seed goes with the data."""
    noise = (
        "pl.Series(__import__('numpy').random.default_rng(context.seed).normal(size=sold.height))"
    )
    parts = why(versions(noise), "demand", 1, 2).columns["p"]
    assert parts.noise_from is not None
    assert parts.noise_from.mean_absolute == 0
    assert parts.parameters is not None
    assert parts.parameters.mean == pytest.approx(6)


def test_noise_of_a_rerun(versions: Callable[..., Store]) -> None:
    """What a job without a seed changes by itself is told beside the split."""
    result = why(
        versions("pl.Series(__import__('numpy').random.default_rng().normal(size=sold.height))"),
        "demand",
        1,
        2,
    )
    parts = result.columns["p"]
    assert parts.noise_from is not None
    assert parts.noise_from.mean_absolute > 0
    assert "which is noise" in result.headline


def test_same_parameters(versions: Callable[..., Store]) -> None:
    """Where only the data changed, all of the change is theirs, and the job runs twice and not four
    times.
    """
    steps: list[str] = []
    result = why(versions(times=(2.0, 2.0)), "demand", 1, 2, progress=steps.append)
    assert means(result) == (6, 6, 0, 0)
    assert len(steps) == 2


def test_changed_input(versions: Callable[..., Store]) -> None:
    """An input that no longer holds what a version read takes that version's legs away, and says
    which it is.
    """
    store = versions()
    Path("sold.csv").write_text(SOLD.replace("a,2024-05-02,1", "a,2024-05-02,4"))
    result = why(store, "demand", 1, 2)
    assert means(result) == (15, None, 6, None)
    assert result.new_data.reason == result.rerun_to.reason
    assert "input 'sold' is not what version 2 read: 5 rows" in (result.new_data.reason or "")
    assert result.rerun_from.reason is result.new_parameters.reason is None
    assert "parameters alone: 6" in result.headline


def test_deleted_input(versions: Callable[..., Store]) -> None:
    """An input that is gone takes all legs away; the total stays."""
    store = versions()
    Path("sold.csv").unlink()
    result = why(store, "demand", 1, 2)
    assert means(result) == (15, None, None, None)
    assert "no file matches 'sold.csv'" in (result.new_parameters.reason or "")
    assert "cannot be told" in result.headline


def test_changed_code(versions: Callable[..., Store]) -> None:
    """Code that changed since, or between the versions, takes the legs away, and says which
    revisions there are.
    """
    store = versions()
    job_file().write_text(JOB.format(noise="1.0", imports=""))
    result = why(store, "demand", 1, 2)
    assert means(result) == (15, None, None, None)
    assert "has changed since: it was" in (result.rerun_from.reason or "")
    publish(store, "2024-05-03")
    result = why(store, "demand", 2, 3)
    assert "made by different code" in (result.new_data.reason or "")
    assert result.rerun_to.reason is None


def test_changed_module_of_its_own(versions: Callable[..., Store]) -> None:
    """A changed module beside the job's that it imports takes the legs away; one it does not import
    is no matter.
    """
    sibling = f"beside_{os.urandom(4).hex()}"
    Path(f"{sibling}.py").write_text("NOISE = 0.0\n")
    Path("apart.py").write_text("")
    store = versions(f"{sibling}.NOISE", imports=f"import {sibling}")
    assert means(why(store, "demand", 1, 2)) == (15, 6, 6, 3)
    Path("apart.py").write_text("NOISE = 1.0\n")
    assert means(why(store, "demand", 1, 2)) == (15, 6, 6, 3)
    Path(f"{sibling}.py").write_text("NOISE = 1.0\n")
    result = why(store, "demand", 1, 2)
    assert means(result) == (15, None, None, None)
    for leg in (result.rerun_from, result.rerun_to, result.new_data, result.new_parameters):
        assert "has changed since: it was" in (leg.reason or "")
        assert f"(its own modules: {sibling}, {job_file().stem})" in (leg.reason or "")


def test_failing_leg(versions: Callable[..., Store]) -> None:
    """A job that fails on one combination takes that leg away with what it said."""
    noise = "(1 / 0 if times == 2.0 and sold.height == 3 else 0.0)"
    result = why(versions(noise), "demand", 1, 2)
    assert means(result) == (15, None, 6, None)
    assert "ZeroDivisionError" in (result.new_data.reason or "")


def test_published_file(versions: Callable[..., Store]) -> None:
    """A version that no job made cannot be run again, and says so."""
    store = versions()
    store.publish("demand", pl.DataFrame({"item": ["a"], "p": [1.0]}), Provenance(START, "by hand"))
    result = why(store, "demand", 2, 3)
    assert "version 3 was not made by a job" in (result.new_data.reason or "")
    assert means(result) == (-8, None, None, None)


def test_labels_are_counted() -> None:
    """On the keys of all four: what differs from A in B, by the new data alone, by the new
    parameters alone; noise.
    """

    def labels(*values: str | None) -> pl.DataFrame:
        return pl.DataFrame({"k": range(len(values)), "x": values}, {"k": pl.Int64, "x": pl.String})

    a, b = labels("u", "u", "v", None, "w"), labels("u", "v", "w", None, "v")
    frames = Frames(
        a,
        b,
        new_data=labels("u", "v", "v", None),
        rerun_old=a,
        rerun_new=labels("u", "v", "w", "v", "v"),
    )
    result = split_labels(frames, ["k"], "x")
    assert result == LabelSplit(4, 2, 1, None, 0, 1)
    said = headline((1, 2), {}, {"x": result}, {})
    assert said.startswith(
        "x changed on 2 of 4 keys: 1 with the new data alone; reruns with nothing changed"
    )
    assert (
        headline((1, 2), {}, {"x": msgspec.structs.replace(result, changed=0)}, {})
        == "No label changed."
    )


def test_command(versions: Callable[..., Store]) -> None:
    """`diff --why` prints the headline, what changed, the split and the largest moves; JSON is the
    same report.
    """
    store = versions()
    page = call("diff", "demand", 1, 2, "--why", "--store", store.root)
    assert page.code == 0
    for said in ("data 40 %", "parameter times", "interaction", "largest moves", "rerun of 1"):
        assert said in page.text
    assert "run the job with the data of version 2 and the parameters of version 1" in page.err
    assert call(
        "diff", "demand", 1, 2, "--why", "--store", store.root, "--format", "json"
    ).out == render_json(why(store, "demand", 1, 2))
    assert call("diff", "demand", 1, 2, "--why", "--changes", "--store", store.root).code == 2


numbers = st.floats(-1e6, 1e6) | st.none()


@given(st.lists(st.tuples(numbers, numbers, numbers, numbers), max_size=8))
def test_split_against_plain_python(rows: list[tuple[float | None, ...]]) -> None:
    """On the keys where all four are finite the parts add up to the total, mean by mean and key by
    key.
    """
    columns = [[row[i] for row in rows] for i in range(4)]
    frames = [
        pl.DataFrame({"k": range(len(x)), "x": x}, {"k": pl.Int64, "x": pl.Float64})
        for x in columns
    ]
    result = split(Frames(*frames), ["k"], "x", 1.0)
    known = [row for row in rows if None not in row]
    assert result.n == len(known)
    if not known:
        assert result.total is result.data is result.interaction is None
        return
    a, b, data, parameters = (list(column) for column in zip(*known, strict=True))
    plain = {
        "total": [y - x for x, y in zip(a, b, strict=True)],
        "data": [y - x for x, y in zip(a, data, strict=True)],
        "parameters": [y - x for x, y in zip(a, parameters, strict=True)],
    }
    for name, parts in plain.items():
        effect = getattr(result, name)
        assert effect.mean == pytest.approx(sum(parts) / len(parts), abs=1e-6)
        assert effect.mean_absolute == pytest.approx(sum(map(abs, parts)) / len(parts), abs=1e-6)
    plain_mean = sum(plain["total"]) / len(a)
    whole = sum(getattr(result, name).mean for name in ("data", "parameters", "interaction"))
    assert whole == pytest.approx(plain_mean, abs=1e-6)
    assert result.top == sorted(result.top, key=lambda moved: -abs(moved.d))
    for moved in result.top:
        parts = [moved.data, moved.parameters, moved.interaction]
        assert sum(part for part in parts if part is not None) == pytest.approx(moved.d, abs=1e-6)
