"""The function that a contract names as its job: loaded, called, and identified by a digest of its
code.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType

import polars as pl

from estimates.contract.code_revision import look_here, own_sources, revision
from estimates.contract.job_inputs import BUILTIN_JOBS
from estimates.contract.trusted_code import check_module
from estimates.errors import EstimatesError, InvalidError
from estimates.redaction import redacted
from estimates_jobs.run.context import Context
from estimates_jobs.run.git_commit import commit_of
from estimates_jobs.run.masked_output import masked_output

# What contracts call the built-in jobs that were written before their packages had a prefix.
_FORMER_NAMES = {"jobs.forecast:forecast": "forecast", "jobs.load:load": "load"}


class JobError(Exception):
    """A job raised something that is not ours; one line says what, the cause is chained."""

    code = "job_failed"


class Function:
    """A job, loaded.

    modules   names of its module and of its own modules that this imports (see `code_revision`),
              sorted
    revision  digest of their sources; None for a module without a source file. A built-in job
              declares its revision, which stays the same wherever its module lies.
    """

    def __init__(self, name: str) -> None:
        """Load `module:function` from sys.path or the working directory, or a built-in job by its
        name.

        Raises InvalidError (`no_job_module`, `no_job_function`), RefusedError
        (`module_not_allowed`), JobError when the module fails while it is imported.
        """
        self.name = name
        look_here()
        builtin = _builtin(name)
        module_name, _, self._function = name.partition(":")
        if builtin is None:
            check_module(module_name, f"job {name}")
        if builtin:
            module_name, self._function = f"estimates_jobs.builtin.{builtin}", builtin
        with masked_output():  # a module may connect, and log, when it is imported
            self._module = _import(module_name, name)
        sources = own_sources(module_name)
        self.modules = tuple(sorted(sources))
        self.revision = self._module.REVISION if builtin else revision(sources)
        self._check()

    @property
    def commit(self) -> str | None:
        """The commit that the module's folder is at; None outside of git, and of built-in jobs."""
        file = getattr(self._module, "__file__", None)
        is_builtin = _builtin(self.name) is not None
        return None if file is None or is_builtin else commit_of(Path(file).parent)

    def __call__(self, context: Context) -> pl.DataFrame:
        """What the job computes; raises JobError, InvalidError (`job_result`), and the job's own
        EstimatesErrors.
        """
        try:
            with masked_output():
                result = getattr(self._module, self._function)(context)
        except EstimatesError:
            raise
        except Exception as error:
            where = self._where(error)
            message = redacted(_one_line(error))
            raise JobError(f"job {self.name} failed{where}: {message}") from error
        if not isinstance(result, pl.DataFrame):
            hint = {"LazyFrame": "; call .collect()"}.get(
                type(result).__name__, "; pl.DataFrame(…) makes one"
            )
            raise InvalidError(
                "job_result",
                f"job {self.name} returned {type(result).__qualname__}, not a polars "
                f"DataFrame{hint}",
                remedy="return a polars DataFrame from it",
            )
        return result

    def _where(self, error: Exception) -> str:
        """Where in the job's own files an error was raised: ` at demand_job.py, line 12`."""
        files = {getattr(sys.modules.get(name), "__file__", None): name for name in self.modules}
        lines = [
            (frame.f_code.co_filename, number)
            for frame, number in traceback.walk_tb(error.__traceback__)
            if frame.f_code.co_filename in files
        ]
        if not lines:
            return ""
        file, number = lines[-1]
        shown = Path(file)
        if shown.is_relative_to(Path.cwd()):
            shown = shown.relative_to(Path.cwd())
        return f" at {shown}, line {number}"

    def reload(self) -> None:
        """Import the module anew, so that nothing it remembers from an earlier call is left."""
        with masked_output():
            self._module = importlib.reload(self._module)

    def _check(self) -> None:
        functions = [
            name
            for name, value in vars(self._module).items()
            if callable(value) and not name.startswith("_")
        ]
        if self._function not in functions:
            raise InvalidError(
                "no_job_function",
                f"job {self.name}: module {self._module.__name__} has no function "
                f"{self._function!r}",
                remedy=f"it has {', '.join(functions) or 'none'}",
            )


def _builtin(name: str) -> str | None:
    """The built-in job that a name means; under its former name only where no module of the user's
    own has it.
    """
    if name in BUILTIN_JOBS:
        return name
    former = _FORMER_NAMES.get(name)
    return former if former is not None and not _exists(name.partition(":")[0]) else None


def _exists(module_name: str) -> bool:
    try:
        return importlib.util.find_spec(module_name) is not None
    except ModuleNotFoundError:
        return False
    except Exception:  # the user's package is there and fails; importing it says how
        return True


def _import(module_name: str, job: str) -> ModuleType:
    try:
        return importlib.import_module(module_name)
    except Exception as error:
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing is not None and f"{module_name}.".startswith(f"{missing}."):
            raise InvalidError(
                "no_job_module",
                f"job {job}: there is no module {missing!r} in the working directory, "
                f"{Path.cwd()}, or among the installed packages",
                remedy="run it where the module lies, or install its package",
            ) from None
        raise JobError(f"job {job} cannot be imported: {redacted(_one_line(error))}") from error


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split()) or 'no message'}"
