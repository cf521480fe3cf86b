"""Secrets in URLs: passwords, and values of queries that are keys, are never shown."""

from __future__ import annotations

import re

_PASSWORD = re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s/@:?#'\"]*):[^\s/@'\"]*@", re.IGNORECASE)
_QUERY = re.compile(
    r"([?&;][\w.-]*(?:password|passwd|secret|token|signature|credential|api[_-]?key|access[_-]?key|"
    r"\bsig)[\w.-]*=)[^\s&;#'\"]+",
    re.IGNORECASE,
)


def redacted(text: str) -> str:
    """A text with `***` in place of each secret of a URL in it."""
    if "://" not in text:
        return text
    return _QUERY.sub(r"\1***", _PASSWORD.sub(r"\1:***@", text))
