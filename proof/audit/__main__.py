"""Audit what users install: `just audit`, with `--advisories FOLDER` where there is no network.

Writes the bill of materials, and says which licences and known vulnerabilities there are. Exit
codes: 0 nothing is wrong; 1 something is; 3 nobody looked for vulnerabilities.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from proof.audit import advisories, licences
from proof.audit.licences import Licence, Rules
from proof.audit.locks import Locked, read_lock, together

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements"
# What users install: with pip and any extra, in a clone, for the demo.
LOCKS = tuple(REQUIREMENTS / name for name in ("extras.txt", "user.txt", "demo.txt"))
OF_THE_BILL = LOCKS[0]
PROGRAMS = ROOT / ".venv-audit" / "bin"
WRONG, NOT_LOOKED = 1, 3


def main(arguments: Sequence[str]) -> int:
    """Audit; returns the exit code."""
    parser = argparse.ArgumentParser(prog="just audit", description=__doc__)
    parser.add_argument(
        "--advisories", type=Path, metavar="PLACE", help="OSV files: a folder, a ZIP, or one file"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "sbom.cdx.json", help="of the bill")
    chosen = parser.parse_args(arguments)
    rules = licences.read_rules(REQUIREMENTS / "audit.toml")
    locked = together(LOCKS)
    known, wrong = licences.licences_of(locked, rules)
    _say_licences(known, wrong)
    if not wrong:
        _write_bill(chosen.output, known)
    try:
        count, matching = _look(chosen.advisories, locked)
    except advisories.CouldNotLookError as error:
        print(f"advisories: NOT LOOKED FOR: {error}")
        print("  without a network: just audit --advisories PLACE, a copy of what osv.dev exports")
        return WRONG if wrong else NOT_LOOKED
    is_vulnerable = _say_advisories(count, matching, rules)
    return WRONG if wrong or is_vulnerable else 0


def _say_licences(known: dict[str, Licence], wrong: dict[str, str]) -> None:
    reasons = {name: each for name, each in known.items() if each.reason is not None}
    print(f"licences: of {len(known)} distributions, {len(reasons)} for a reason:")
    for name, each in reasons.items():
        print(f"  {name:<16} {each.expression}: {each.reason}")
    for name, fault in wrong.items():
        print(f"  WRONG {name}: {fault}")


def _write_bill(target: Path, known: dict[str, Licence]) -> None:
    locked = [
        each._asdict() | {"licence": known[each.name].expression} for each in read_lock(OF_THE_BILL)
    ]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    digest = hashlib.sha256(OF_THE_BILL.read_bytes()).hexdigest()
    content = {"version": project["version"], "locked": locked, "digest": digest}
    command = [PROGRAMS / "python", "-m", "proof.audit.bill", target]
    subprocess.run(command, cwd=ROOT, input=json.dumps(content), text=True, check=True)
    lock = OF_THE_BILL.relative_to(ROOT)
    print(f"bill: {target}: {len(locked)} distributions of {lock}, CycloneDX 1.6, valid")


def _look(
    place: Path | None, locked: Sequence[Locked]
) -> tuple[int | None, list[advisories.Advisory]]:
    """How many advisories there are, where that is known, and those about locked versions."""
    if place is not None:
        return advisories.of_files(place, locked)
    return None, advisories.of_service(PROGRAMS / "pip-audit", LOCKS)


def _say_advisories(
    count: int | None, matching: Sequence[advisories.Advisory], rules: Rules
) -> bool:
    """Say them; gives whether one counts."""
    source = "osv.dev" if count is None else f"{count:,} of files"
    print(f"advisories: {source}, {len(matching)} about what is locked")
    is_vulnerable = False
    for each in matching:
        reasons = [
            rules.advisories[name] for name in (each.id, *each.aliases) if name in rules.advisories
        ]
        is_vulnerable |= not reasons
        fixed = f"; fixed in {', '.join(each.fixed)}" if each.fixed else ""
        mark = f"no danger here, {reasons[0]}" if reasons else f"VULNERABLE{fixed}"
        print(f"  {each.name} {each.version}  {each.id}: {mark}: {each.summary}")
    return is_vulnerable


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
