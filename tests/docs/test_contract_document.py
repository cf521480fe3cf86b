from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from estimates.contract.about import About
from estimates.contract.columns import Column, KeyColumn
from estimates.contract.contract import (
    RESERVED,
    Contract,
    Freshness,
    Stability,
)
from estimates.contract.contract_file import parse_contract
from estimates.contract.domain import FileDomain, OpenDomain, ProductDomain, RollingDomain
from estimates.contract.family import Family, Member
from estimates.contract.gate_policy import (
    CarryOver,
    CheckPolicy,
    CustomCheck,
    GateException,
    GatePolicy,
    GroupLimits,
)
from estimates.contract.job_inputs import Input, Job
from estimates.contract.kept_files import Retention
from estimates.contract.load_rule import Load
from estimates.gate.policy_validation import validate_policy
from estimates.guess.table_contract import TableContract

DOCUMENT = (Path(__file__).parents[2] / "docs" / "contract.md").read_text(encoding="utf-8")
SECTIONS: dict[str, type[msgspec.Struct]] = {
    "The contract as a whole": Contract,
    "`[key.COLUMN]`": KeyColumn,
    "`[columns.COLUMN]`": Column,
    '`kind = "open"`': OpenDomain,
    '`kind = "file"`': FileDomain,
    '`kind = "product"`': ProductDomain,
    '`kind = "rolling"`': RollingDomain,
    "`[freshness]`": Freshness,
    "`[gate]`": GatePolicy,
    "`[gate.checks.NAME]`": CheckPolicy,
    "`[gate.checks.NAME.groups.COLUMN.VALUE]`": GroupLimits,
    "`[[gate.exceptions]]`": GateException,
    "`[gate.carry_over]`": CarryOver,
    "`[gate.custom.NAME]`": CustomCheck,
    "`[stability]`": Stability,
    "`[job]`": Job,
    "`[job.inputs.NAME]`": Input,
    "`[retention]`": Retention,
    "`[load]`": Load,
    "`[family]`": Family,
    "`[member]`": Member,
    "`[about]`": About,
}
EXAMPLES = re.findall(r"```toml\n(.*?)```", DOCUMENT, flags=re.DOTALL)


def rows(section: str) -> dict[str, str]:
    """Field to default, from the first table of a section."""
    text = re.split(rf"^#+ {re.escape(section)}$", DOCUMENT, flags=re.MULTILINE)[1]
    table = re.split(r"^#+ ", text, flags=re.MULTILINE)[0].split("\n\n|")[1].split("\n\n")[0]
    return dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|", table, flags=re.MULTILINE))


@pytest.mark.parametrize("section", SECTIONS)
def test_every_field_is_documented_in_order(section: str) -> None:
    """The table of each part lists exactly the fields of its Struct."""
    assert list(rows(section)) == [
        field.encode_name for field in msgspec.structs.fields(SECTIONS[section])
    ]


@pytest.mark.parametrize("section", SECTIONS)
def test_defaults_are_documented(section: str) -> None:
    """A field is `needed` where it has no default; a default that is a value is written as it is in
    TOML.
    """
    documented = rows(section)
    for field in msgspec.structs.fields(SECTIONS[section]):
        default = (
            field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        )
        said = documented[field.encode_name]
        assert (said == "needed") == (default is msgspec.NODEFAULT), field.name
        if default is not None and type(default) in (str, bool, int, float, dict, tuple):
            assert said in (f"`{json.dumps(default)}`", "the defaults of each check"), field.name


def test_every_part_is_documented() -> None:
    """No part of a contract is without a section."""

    def parts(kind: type[msgspec.Struct]) -> set[type[msgspec.Struct]]:
        return {kind}.union(*(parts(below) for below in kind.__subclasses__()))

    (part,) = {base for base in Contract.__mro__ if base.__name__ == "Part"}
    # a guessed contract has the same fields
    assert parts(part) - {part, TableContract} == set(SECTIONS.values())


def test_reserved_names_are_documented() -> None:
    """The names that no column may have are listed."""
    sentence = DOCUMENT[
        DOCUMENT.index("are none of") : DOCUMENT.index("which the service and SQL need")
    ]
    assert set(re.findall(r"`(\w+)`", sentence)) == RESERVED


def test_minimal_and_full_example_are_contracts() -> None:
    """The examples of the document parse, and the gate knows the checks they name."""
    minimal, full, *domains = EXAMPLES
    assert parse_contract(minimal).judged == ["score"]
    validate_policy(parse_contract(full))
    for domain in domains:
        parse_contract(
            re.sub(r"\[domain\].*?(?=\[freshness\])", domain + "\n", full, flags=re.DOTALL)
        )


def test_examples_use_every_field() -> None:
    """What can be written is shown in use."""
    used: set[tuple[str, str]] = set()

    def walk(name: str, tree: Any) -> None:
        for field, value in tree.items():
            used.add((name, field))
            if field == "groups" and isinstance(value, dict):
                for limits in (limits for values in value.values() for limits in values.values()):
                    walk("limits", limits)
                continue
            named = field in ("key", "columns", "inputs", "checks", "custom")
            several = value if isinstance(value, list) else [value]
            for below in value.values() if named else several:
                if isinstance(below, dict):
                    walk(field, below)

    for example in EXAMPLES[1:]:
        walk("", tomllib.loads(example))
    tables: dict[type[msgspec.Struct], str] = {
        Contract: "",
        KeyColumn: "key",
        Column: "columns",
        CheckPolicy: "checks",
        GroupLimits: "limits",
        CustomCheck: "custom",
        CarryOver: "carry_over",
        GateException: "exceptions",
        Input: "inputs",
    }
    # a family has no job, so no example has all three
    families = {"family", "member"}
    for section, kind in SECTIONS.items():
        if kind in (Family, Member):
            continue
        table = tables.get(kind) or (
            "" if kind is Contract else "domain" if "kind" in section else section.strip("`[]")
        )
        for field in set(rows(section)) - families:
            assert (table, field) in used, (section, field)
