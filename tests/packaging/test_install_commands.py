"""Nobody is told to install another project's package: the distribution is `estimates-store`."""

from __future__ import annotations

import re
import subprocess

from tests.packaging.environments import SOURCE

# `pip install estimates`, `uv add 'estimates[jobs]'` and the like, in text, code and CI files.
_PLAIN = re.compile(
    r"(?:\bpip3? install|\buv add|\buv tool install|\buvx|\bpipx install|\bpoetry add|--with)"
    r"[^\n`]*?[\s'\"=]estimates(?![-_\w./:])"
)
_OWN = "tests/packaging/test_install_commands.py"


def test_the_pattern_knows_a_plain_install() -> None:
    """It matches the plain name, with extras or without, and not the distribution."""
    for wrong in ("pip install estimates", "uv add 'estimates[jobs]'", "pip install -U estimates"):
        assert _PLAIN.search(wrong)
    for right in ("pip install 'estimates-store[jobs]'", "uv add estimates_store.whl"):
        assert not _PLAIN.search(right)


def test_nobody_is_told_to_install_plain_estimates() -> None:
    """No document, message, example or test of the tree says so."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=SOURCE, capture_output=True, text=True, check=True
    )
    matches = []
    for name in listed.stdout.splitlines():
        path = SOURCE / name
        if name == _OWN or not path.is_file():
            continue
        text = path.read_bytes().decode(errors="replace")
        matches += [(name, match.group()) for match in _PLAIN.finditer(text)]
    assert matches == []
