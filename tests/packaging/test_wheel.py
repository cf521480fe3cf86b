"""What the wheel holds, and what `docs/installing.md` says of its extras."""

from __future__ import annotations

import re
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from estimates import __version__
from tests.packaging.conftest import Environment
from tests.packaging.environments import SOURCE, installed_mb

PROJECT = tomllib.loads((SOURCE / "pyproject.toml").read_text())["project"]
PACKAGES = ("estimates", "estimates_api", "estimates_jobs", "estimates_migrations")
SIZES = {
    extras: int(megabytes)
    for extras, megabytes in re.findall(
        r"^\| (none|`[a-z,]+`) \|.*\| (\d+) \|$",
        (SOURCE / "docs" / "installing.md").read_text(),
        re.MULTILINE,
    )
}
READERS = ("none", "`client`", "`client,frames`")


def test_the_wheel_carries_packages_migrations_and_examples(wheel: Path) -> None:
    """Four packages with their types, migrations and examples; neither tests nor benchmarks."""
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {*PACKAGES, f"estimates_store-{__version__}.dist-info"}
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(names)
    assert "estimates_migrations/versions/0001_first.py" in names
    assert "estimates_jobs/examples/sp500-close.toml" in names
    assert "estimates_jobs/examples/sp500_daily_close.parquet" in names


def test_the_metadata_is_complete(wheel: Path) -> None:
    """Name, version, summary, readme, Pythons, words to find it by; one dependency without
    extras.
    """
    with zipfile.ZipFile(wheel) as files:
        (name,) = [name for name in files.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = Parser().parsestr(files.read(name).decode())
    assert (metadata["Name"], metadata["Version"]) == ("estimates-store", __version__)
    assert metadata["Summary"]
    assert metadata["Keywords"]
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"
    pythons = {line.rsplit(" ", 1)[1] for line in metadata.get_all("Classifier", [])}
    assert {"3.11", "3.12", "3.13", "3.14"} <= pythons
    required = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert required == ["msgspec>=0.22"]


def test_every_extra_has_a_row() -> None:
    """The table of sizes has a row for each extra that a user may choose."""
    assert {extra for row in SIZES for extra in row.strip("`").split(",")} == {
        "none",
        *PROJECT["optional-dependencies"].keys() - {"dev"},
    }


@pytest.mark.parametrize(
    "extras",
    [
        extras if extras in READERS else pytest.param(extras, marks=pytest.mark.stack)
        for extras in SIZES
    ],
)
def test_sizes_are_as_documented(environment: Environment, extras: str) -> None:
    """An environment has the size that its row says, within a tenth or two megabytes."""
    size = installed_mb(environment("" if extras == "none" else extras.strip("`")))
    assert size == pytest.approx(SIZES[extras], rel=0.1, abs=2)


def test_a_reader_is_small() -> None:
    """A client takes less than 15 MB, a client with frames at most 250 MB."""
    assert SIZES["`client`"] < 15
    assert SIZES["`client,frames`"] <= 250
