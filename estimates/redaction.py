"""Secrets in texts: passwords of URLs, values of queries that are keys, tokens are never shown, nor
what a run was given by reference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import quote, unquote

_USER = r"://[^\s/@:?#'\"]*"
# A password ends at the last @ before the host; in URLs of databases it may have slashes.
_PASSWORD = re.compile(rf"(\b[a-z][a-z0-9+.-]*{_USER}):[^\s/'\"]*@", re.IGNORECASE)
_OF_DATABASE = re.compile(
    rf"(\b(?:postgres|mysql|mariadb|mssql|oracle|snowflake|redshift|clickhouse|redis)[a-z0-9+.-]*"
    rf"{_USER}):[^\s'\"]*@",
    re.IGNORECASE,
)
_TOKEN_AS_USER = re.compile(r"(\bhttps?://)[^\s/@:?#'\"]+@", re.IGNORECASE)
_QUERY = re.compile(
    r"([?&;#][\w.-]*(?:password|passwd|passphrase|pwd|secret|token|signature|credential|"
    r"api[_-]?key|access[_-]?key|\bsig)[\w.-]*=)([^\s&;#'\"]+)",
    re.IGNORECASE,
)
_USERINFO = re.compile(r"://[^\s/@:]*:([^\s/]+)@")
_TOKEN_OF = re.compile(r"\bhttps?://([^\s/@:?#]+)@", re.IGNORECASE)
_TOKEN = re.compile(r"\best_[\w-]{43}(?![\w-])")
SHORTEST = 6  # characters of a secret that is looked for: shorter ones stand in many words
_kept: set[str] = set()


def keep_secrets(values: Iterable[str]) -> None:
    """From now on, these texts are secrets in this process: as they are, their lines, and as URLs
    and JSON write them; of a URL its password and its secret parameters too. What has fewer than 6
    characters is none.
    """
    for value in values:
        _kept.update(form for form in map(str.strip, _forms(value)) if len(form) >= SHORTEST)


def _forms(value: str) -> set[str]:
    forms = {value, quote(value, safe=""), json.dumps(value)[1:-1], *value.splitlines()}
    if "://" in value:
        forms |= {match[2] for match in _QUERY.finditer(value)}
        forms |= {match[1] for match in _USERINFO.finditer(value)}
        forms |= {match[1] for match in _TOKEN_OF.finditer(value)}
        forms |= {unquote(form) for form in forms}  # as drivers have it
    return forms


def redacted(text: str) -> str:
    """A text with `***` in place of each secret of a URL in it, of each token, and of each text
    that `keep_secrets` was called with.
    """
    for secret in sorted(_kept, key=len, reverse=True):
        text = text.replace(secret, "***")
    return redacted_urls(text)


def redacted_urls(text: str) -> str:
    """The same without what `keep_secrets` was called with: what shows by itself that it is one."""
    if "est_" in text:
        text = _TOKEN.sub("est_***", text)
    if "://" not in text:
        return text
    text = _PASSWORD.sub(r"\1:***@", _OF_DATABASE.sub(r"\1:***@", text))
    return _QUERY.sub(r"\1***", _TOKEN_AS_USER.sub(r"\1***@", text))
