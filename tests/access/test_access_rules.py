"""What an operator may say about access."""

from __future__ import annotations

from pathlib import Path

import pytest

from estimates.access.access_rules import AccessRules, access_rules
from estimates.errors import InvalidError

_FILE = """
readers = "tokens"
[jwt]
jwks = "keys.json"
issuer = "https://id.example.com"
audience = "estimates"
claim = "realm_access.roles"
[limits]
requests_per_second = 5
hosts = ["estimates.example.com"]
origins = ["https://app.example.com"]
"""


def test_words(tmp_path: Path) -> None:
    """`anyone` is the default, `tokens` closes, a file says more."""
    assert access_rules(None) == access_rules("anyone") == AccessRules()
    assert access_rules("tokens").readers == "tokens"
    file = tmp_path / "access.toml"
    file.write_text(_FILE)
    rules = access_rules(str(file))
    assert rules.jwt is not None
    assert rules.jwt.claim == "realm_access.roles"
    assert rules.limits.requests_per_second == 5


@pytest.mark.parametrize(
    "text",
    [
        'readers = "nobody"',
        "reader = 1",
        "readers = ",
        _FILE.replace('"tokens"', '"anyone"'),
        _FILE.replace("= 5", "= 0"),
        _FILE.replace('issuer = "https://id.example.com"', ""),
        _FILE.replace("[limits]", 'algorithms = ["HS256"]\n[limits]'),
    ],
)
def test_wrong_files(tmp_path: Path, text: str) -> None:
    """A file that says something else is refused before anything is served, and named."""
    file = tmp_path / "access.toml"
    file.write_text(text)
    with pytest.raises(InvalidError, match=r"access\.toml") as refused:
        access_rules(str(file))
    assert refused.value.code == "bad_access"


def test_no_file() -> None:
    """A word that is no file is refused with the words that there are."""
    with pytest.raises(InvalidError, match="`tokens`, `anyone` or a TOML file"):
        access_rules("nobody")
