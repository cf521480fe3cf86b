"""`estimates define` on real stores."""

from __future__ import annotations

from pathlib import Path

from estimates.store.store import Store
from tests import builders
from tests.jobs.cli.calls import call, ok


def test_define_says_what_is_new(local_store: Store, tmp_path: Path) -> None:
    """The same contract again is no revision; a bound is a new revision, a unit a new shape."""
    path = tmp_path / "closes.toml"
    seen = []
    for text in (
        builders.source(),
        builders.source(),
        builders.source(maximum=600.0),
        builders.source().replace("USD", "EUR"),
    ):
        path.write_text(text)
        shown = ok("define", path, "--store", local_store.root, "--format", "json").json
        seen.append((shown["revision"], shown["shape"], shown["new_revision"], shown["new_shape"]))
    assert seen == [
        (1, 1, True, True),
        (1, 1, False, False),
        (2, 1, True, False),
        (3, 2, True, True),
    ]
    assert "nothing changed" in ok("define", path, "--store", local_store.root).text


def test_define_names_line_and_path_of_a_mistake(local_store: Store, tmp_path: Path) -> None:
    """What is no TOML names the line; a wrong value names its path and what is allowed."""
    path = tmp_path / "closes.toml"
    path.write_text("name = \n")
    assert "line 1" in call("define", path, "--store", local_store.root).err
    path.write_text(builders.source(more='[gate]\npromote = "always"\n'))
    called = call("define", path, "--store", local_store.root)
    assert called.code == 2
    assert "gate.promote" in called.err
    assert "automatic" in called.err


def test_define_refuses_a_calendar_nobody_knows(local_store: Store, tmp_path: Path) -> None:
    """A rolling domain over an unknown calendar is refused when it is defined, with the names there
    are.
    """
    text = builders.source(
        more='[domain]\nkind = "rolling"\nsteps = 2\ncalendar = "XNYZ"\nvalues = { ticker = ["A"] '
        "}\n"
    )
    (tmp_path / "contract.toml").write_text(text)
    called = call(
        "define", tmp_path / "contract.toml", "--store", local_store.root, "--format", "json"
    )
    assert (called.code, called.error["code"]) == (2, "unknown_calendar")
    assert "XNYS" in called.error["message"]
    assert local_store.sets() == []


def test_define_copies_the_keys_of_a_file_domain(local_store: Store, tmp_path: Path) -> None:
    """The key file is looked for beside the contract, leading zeros kept; a missing column is
    named.
    """
    (tmp_path / "keys.csv").write_text("customer\n0042\n0007\n")
    path = tmp_path / "churn.toml"
    path.write_text(
        'name = "churn"\n[key.customer]\ntype = "string"\n[columns.score]\n[domain]\nkind = '
        '"file"\nfile = "keys.csv"\n'
    )
    ok("define", path, "--store", local_store.root)
    listed = Store(local_store.root).domain_keys("churn")
    assert listed is not None
    assert sorted(listed["customer"]) == ["0007", "0042"]
    (tmp_path / "keys.csv").write_text("client\n1\n")
    assert (
        call("define", path, "--store", local_store.root, "--format", "json").error["code"]
        == "columns"
    )
