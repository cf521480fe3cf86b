"""Which error is which exit code.

0  done
1  the answer is no: the gate blocks (also when it could not evaluate), a conflict, stale with
   `--check`
2  bad usage, bad input, not found, no permission: change the command, its input or its settings
3  could not reach something: run the same command again
4  the job failed, the store is damaged, or an unexpected error: somebody must look
130  interrupted with Ctrl-C
143  a run that was ended by SIGTERM
"""

from __future__ import annotations

import errno
import sys
from typing import Any

import click
import msgspec

from estimates.errors import (
    FULL,
    ConflictError,
    CorruptError,
    EstimatesError,
    GateError,
    InvalidError,
    NotFoundError,
    RefusedError,
    StaleError,
    UnavailableError,
)
from estimates.extras import missing_package
from estimates.redaction import redacted
from estimates.render.wording import visible

ANSWER_IS_NO = 1
DAMAGED = 4
INTERRUPTED = 130
TERMINATED = 143
# What a file system says of a path that will not do until somebody changes it, or its permissions.
_NO_PATH = frozenset(
    (
        errno.EACCES,
        errno.EISDIR,
        errno.ELOOP,
        errno.ENAMETOOLONG,
        errno.ENOTDIR,
        errno.EPERM,
        errno.EROFS,
    )
)
_EXIT_CODES: dict[type[EstimatesError], int] = {
    GateError: ANSWER_IS_NO,
    ConflictError: ANSWER_IS_NO,
    InvalidError: 2,
    NotFoundError: 2,
    UnavailableError: 3,
    StaleError: 1,
    RefusedError: 2,
    CorruptError: DAMAGED,
}


class Failure(msgspec.Struct, frozen=True):
    """What went wrong, for a person and for a program; `code` is stable."""

    exit: int
    code: str
    message: str
    details: dict[str, Any] = {}

    def text(self) -> str:
        """One line for a person, or for a usage error also how the command is used; what a key or a
        file has in it gives the terminal no orders.
        """
        message = "\n".join(visible(line) for line in self.message.split("\n"))
        return f"error: {message}  [{self.code}]"

    def json(self) -> bytes:
        """`{"error": {"code", "message", "exit", …details}}`."""
        message = in_utf8(self.message)
        error = {"code": self.code, "message": message, "exit": self.exit} | self.details
        return msgspec.json.encode({"error": error}, enc_hook=str)


def failure_of(error: Exception) -> Failure:
    """Exit code, code and message of whatever a command raised."""
    if isinstance(error, EstimatesError):
        exit_code = next(code for kind, code in _EXIT_CODES.items() if isinstance(error, kind))
        return Failure(exit_code, error.code, error.message, error.details)
    if isinstance(error, click.ClickException):
        return Failure(2, "usage", _usage(error))
    if isinstance(error, ModuleNotFoundError):
        missing = missing_package(error)
        if missing is not None:
            return Failure(2, "not_installed", missing)
    if _is_job_error(error):
        return Failure(DAMAGED, "job_failed", redacted(str(error)))
    if isinstance(error, OSError) and error.errno in FULL:
        where = error.filename or "where the output goes, or a temporary file"
        full = f"{where}: {error.strerror}; make room there, then the same command again"
        return Failure(3, "disk_full", redacted(full))
    if isinstance(error, OSError) and error.filename and error.errno in _NO_PATH:
        what = f"{error.filename}: {error.strerror}; name another file or folder, or change it"
        return Failure(2, "path_refused", redacted(what))
    what = " ".join(str(error).split()) or "no message"
    return Failure(
        DAMAGED,
        "unexpected",
        redacted(f"{type(error).__name__}: {what}; --debug shows where it happened"),
    )


def in_utf8(text: str) -> str:
    """A text with the bytes of a file's name that are no UTF-8 written out, such as `\\udcff`."""
    return text.encode(errors="backslashreplace").decode()


def _is_job_error(error: Exception) -> bool:
    # Whoever ran a job has loaded this module; for all others it would load polars.
    module = sys.modules.get("estimates_jobs.run.job_function")
    return module is not None and isinstance(error, module.JobError)


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    hint = f"; see `{context.command_path} --help`" if context is not None else ""
    return error.format_message().rstrip(".") + hint
