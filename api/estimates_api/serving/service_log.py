"""What the service logs: lines of text, or of JSON; a line a request where that is asked for.

Routes are logged and no paths: keys may be personal data.
"""

from __future__ import annotations

import logging
import secrets
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import msgspec

from estimates.redaction import redacted
from estimates.render.wording import visible, visible_json, visible_lines

ACCESS = "api.access"
# The id of the request that is being answered; empty outside of one.
REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
_HEADER = b"x-request-id"
_LONGEST = 128


class TextLines(logging.Formatter):
    """A line such as `2026-11-30T01:02:03.004Z ERROR api: what happened (request 5f3e…)`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and a trace behind it."""
        message = visible(record.getMessage())
        text = f"{_at(record)} {record.levelname} {record.name}: {message}"
        name = REQUEST_ID.get()
        text += f" (request {name})" if name else ""
        text += f"\n{self.formatException(record.exc_info)}" if record.exc_info else ""
        return visible_lines(redacted(text))


class JsonLines(logging.Formatter):
    """An object a line: `at`, `level`, `logger`, `message`, and `request_id`, `trace` and what an
    access line has where there are any.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "at": _at(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redacted(record.getMessage()),
        }
        if name := REQUEST_ID.get():
            line["request_id"] = name
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["trace"] = redacted(self.formatException(record.exc_info))
        return visible_json(msgspec.json.encode(line)).decode()


def configuration(form: str, level: str, access: bool) -> dict[str, Any]:
    """For `logging.config`: everything from a level on to standard error, as `text` or `json`."""
    formatter = JsonLines if form == "json" else TextLines
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": f"{__name__}.{formatter.__name__}"}},
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["lines"], "level": level.upper()},
        "loggers": {ACCESS: {"level": "INFO" if access else "WARNING"}, "_granian": {}},
    }


def log_access(request_id: str, method: str, route: str, status: int, seconds: float) -> None:
    """A line for an answer."""
    fields = {"method": method, "route": route, "status": status, "ms": round(seconds * 1e3, 3)}
    if request_id:
        fields["request_id"] = request_id
    logging.getLogger(ACCESS).info(
        "%s %s %d in %.1f ms",
        method,
        route or "an unknown route",
        status,
        seconds * 1e3,
        extra={"fields": fields},
    )


def given_id(scope: Any) -> str:
    """The id that a client or a proxy gave the request; empty where it gave none that can be
    logged.
    """
    for name, value in scope["headers"]:
        if name == _HEADER:
            text = value.decode("latin-1")
            is_plain = 0 < len(text) <= _LONGEST and text.isascii() and text.isprintable()
            return text if is_plain else ""
    return ""


def new_id() -> str:
    """An id for a request that has none."""
    return secrets.token_hex(8)


def _at(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
