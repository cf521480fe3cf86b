"""Secrets of URLs are never shown."""

from __future__ import annotations

import pytest

from estimates import redaction
from estimates.errors import InvalidError
from estimates.redaction import keep_secrets, redacted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql+psycopg://ann:s3cret@db:5432/x", "postgresql+psycopg://ann:***@db:5432/x"),
        ("see https://u:p%40ss@h/a, https://h/b", "see https://u:***@h/a, https://h/b"),
        ("redis://:hidden@h", "redis://:***@h"),
        ("https://h/f?X-Amz-Signature=abc&part=1", "https://h/f?X-Amz-Signature=***&part=1"),
        ("https://h/f?a=1&api_key=abc#x", "https://h/f?a=1&api_key=***#x"),
        ("https://h/f?sig=abc", "https://h/f?sig=***"),
        ("https://h:8000/v1/sets?design=abc@b", "https://h:8000/v1/sets?design=abc@b"),
        ("postgresql://ann:a/b@db/x", "postgresql://ann:***@db/x"),
        ("postgresql://ann:a@b@db/x", "postgresql://ann:***@db/x"),
        ("https://ghp_abc@h/x.git", "https://***@h/x.git"),
        ("https://h/#access_token=abc", "https://h/#access_token=***"),
        ("postgresql://h/x?user=ann&pwd=abc", "postgresql://h/x?user=ann&pwd=***"),
        (f"no header b'Bearer est_{'a-' * 21}a'", "no header b'Bearer est_***'"),
        ("see http://h:80/x, mail ann@b", "see http://h:80/x, mail ann@b"),
        ("s3://bucket/prefix", "s3://bucket/prefix"),
        ("mail ann:x@example.com", "mail ann:x@example.com"),
    ],
)
def test_redacted(text: str, shown: str) -> None:
    """Passwords and values of secret parameters become ***; all else stays."""
    assert redacted(text) == shown


def test_errors() -> None:
    """The message of an error has no secret, whatever it was made of."""
    error = InvalidError("bad_url", "https://u:secret@h cannot be read", remedy="try ftp://a:b@c")
    assert "secret" not in str(error)
    assert error.message == "https://u:***@h cannot be read; try ftp://a:***@c"


def test_kept_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was kept is not shown in any form that a message has it in; what is short is."""
    monkeypatch.setattr(redaction, "_kept", set())
    keep_secrets(["p@ss/word", "two lines\nof a key", 'has "quotes"', "eu"])
    keep_secrets(["https://ann:s3cret@h/day.csv?sig=signed&day=2026-11-30"])
    keep_secrets(["postgresql://etl:p%40ss%2Fw0rd@db/x", "https://t0ken-t0ken@h/x"])
    keep_secrets(["postgresql://postgres@db/sales?table=t"])
    texts = {
        "login as p@ss/word, in a URL p%40ss%2Fword": "login as ***, in a URL ***",
        "second: of a key": "second: ***",
        '{"a": "has \\"quotes\\""}': '{"a": "***"}',
        "eu": "eu",
        "s3cret, signed, 2026-11-30": "***, ***, 2026-11-30",
        "a driver has p@ss/w0rd": "a driver has ***",
        "a token as the user: t0ken-t0ken": "a token as the user: ***",
        "estimates[postgres] at db": "estimates[postgres] at db",
    }
    assert {text: redacted(text) for text in texts} == texts
