"""Secrets in texts: passwords of URLs, values of queries that are keys, tokens are never shown."""

from __future__ import annotations

import re

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
    r"api[_-]?key|access[_-]?key|\bsig)[\w.-]*=)[^\s&;#'\"]+",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\best_[\w-]{43}(?![\w-])")


def redacted(text: str) -> str:
    """A text with `***` in place of each secret of a URL in it, and of each token."""
    if "est_" in text:
        text = _TOKEN.sub("est_***", text)
    if "://" not in text:
        return text
    text = _PASSWORD.sub(r"\1:***@", _OF_DATABASE.sub(r"\1:***@", text))
    return _QUERY.sub(r"\1***", _TOKEN_AS_USER.sub(r"\1***@", text))
