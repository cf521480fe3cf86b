"""Names that no file or folder can have, wherever a command takes one."""

from __future__ import annotations

from pathlib import Path

import pytest

from estimates.store.store import Store
from tests.builders import SET, code_of, define, frame, promoted
from tests.jobs.cli.calls import call

LONG = "n" * 300
COMMANDS: list[tuple[str, ...]] = [
    ("init", "--store", "PLACE"),
    ("status", "--store", "PLACE"),
    ("migrate", "--store", "PLACE"),
    ("recover", "--store", "PLACE"),
    ("demo", "--no-serve", "--store", "PLACE"),
    ("draft", "PLACE", "--key", "k"),
    ("diff", "PLACE", "PLACE", "--key", "k"),
]
OF_A_STORE: list[tuple[str, ...]] = [
    ("define", "PLACE"),
    ("publish", SET, "PLACE"),
    ("backup", "PLACE"),
    ("repair", "--from", "PLACE"),
    ("export", SET, "-o", "PLACE/all.csv"),
    ("erase", SET, "--keys", "PLACE", "--reason", "r"),
    ("diff", SET, "--against", "PLACE"),
    ("usage", "pull", "PLACE"),
    ("site", SET, "-o", "PLACE"),
]


@pytest.fixture
def circle(tmp_path: Path) -> Path:
    """A link to a link to itself."""
    (tmp_path / "other").symlink_to(tmp_path / "circle")
    (tmp_path / "circle").symlink_to(tmp_path / "other")
    return tmp_path / "circle"


def _assert_refused(command: tuple[str, ...], place: object, *more: object) -> None:
    arguments = [part.replace("PLACE", str(place)) for part in command]
    called = call(*arguments, *more, "--format", "json")
    assert called.code == 2, (command, called)
    assert called.error["code"] != "unexpected"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_name_that_is_too_long_or_leads_in_a_circle_is_bad_input(
    command: tuple[str, ...], tmp_path: Path, circle: Path
) -> None:
    """Exit code 2, whatever the command would have done there."""
    for place in (tmp_path / LONG, tmp_path / LONG / "inside", circle, circle / "inside"):
        _assert_refused(command, place)


@pytest.mark.parametrize("command", OF_A_STORE, ids=lambda command: command[0])
def test_so_it_is_beside_a_store(
    command: tuple[str, ...], local_store: Store, tmp_path: Path, circle: Path
) -> None:
    """The same of a command that reads or writes a place beside its store."""
    define(local_store)
    promoted(local_store, "first")
    for place in (tmp_path / LONG, tmp_path / LONG / "inside", circle, circle / "inside"):
        _assert_refused(command, place, "--store", local_store.root)


@pytest.mark.parametrize("command", [*COMMANDS, *OF_A_STORE], ids=lambda command: command[0])
def test_a_name_that_is_no_utf8_is_bad_usage(command: tuple[str, ...]) -> None:
    """Neither JSON nor a record could hold it; the message shows its bytes, in both formats."""
    place = b"caf\xe9".decode(errors="surrogateescape")
    arguments = [part.replace("PLACE", place) for part in command]
    called = call(*arguments, "--format", "json")
    assert (called.code, called.error["code"]) == (2, "usage")
    assert "caf\\udce9" in called.error["message"]
    assert call(*arguments).code == 2


@pytest.mark.parametrize("variable", ["ESTIMATES_NOTIFY", "MLFLOW_TRACKING_URI", "OPENLINEAGE_URL"])
def test_an_address_that_is_no_utf8_is_refused_before_anything_is_done(
    variable: str, local_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No version is published whose outcome could not be printed; the variable is named, its value,
    which may hold a password, is not.
    """
    define(local_store)
    promoted(local_store, "first")
    before = local_store.view().last_event
    frame().write_parquet(tmp_path / "rows.parquet")
    monkeypatch.setenv(variable, b"http://secret\xff/".decode(errors="surrogateescape"))
    called = call(
        "publish", SET, tmp_path / "rows.parquet", "--store", local_store.root, "--format", "json"
    )
    assert (called.code, called.error["code"]) == (2, "usage"), called
    assert variable in called.error["message"]
    assert "secret" not in called.err
    assert local_store.view().last_event == before


@pytest.mark.parametrize(
    "command",
    [
        ("init", "--store", ""),
        ("status", "--store", ""),
        ("backup", "", "--store", "STORE"),
        ("repair", "--from", "", "--store", "STORE"),
        ("site", SET, "-o", "", "--store", "STORE"),
        ("site", SET, "-o", "s3://bucket/pages", "--store", "STORE"),
    ],
)
def test_an_empty_name_is_not_the_folder_where_one_stands(
    command: tuple[str, ...], local_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable of the shell that is not set makes no store or backup there, and a URL no folder
    of that name.
    """
    define(local_store)
    promoted(local_store, "first")
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    arguments = [local_store.root if part == "STORE" else part for part in command]
    called = call(*arguments, "--format", "json")
    assert called.code == 2, called
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("root", ["", "a\0b", "caf\udce9"])
def test_a_store_has_a_name(root: str) -> None:
    """In Python, too: an empty one, one with a NUL, or one that is no UTF-8, is refused."""
    assert code_of(lambda: Store(root)) == "storage_refused"
