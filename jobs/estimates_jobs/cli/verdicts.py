"""A verdict as commands show it: printed in one form, written to files in others."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import click
import msgspec

from estimates.errors import InvalidError
from estimates.gate.offender_table import Offenders
from estimates.gate.pages.github_annotations import render_github
from estimates.gate.pages.junit import render_junit
from estimates.gate.pages.verdict_markdown import render_markdown
from estimates.gate.pages.verdict_text import render_text
from estimates.gate.verdict import Verdict, render_json
from estimates_jobs.cli import show
from estimates_jobs.cli.command import Options
from estimates_jobs.cli.failures import ANSWER_IS_NO

RENDERINGS: dict[str, Callable[[Verdict], str | bytes]] = {
    "text": render_text,
    "json": render_json,
    "junit": render_junit,
    "markdown": render_markdown,
    "github": render_github,
}
FORMS = (*RENDERINGS, "offenders")


class Copy(msgspec.Struct, frozen=True):
    """A file to write: in which form, and where."""

    form: str
    path: Path


def read_copies(
    _context: click.Context, _option: click.Parameter, given: Sequence[str]
) -> list[Copy]:
    """`junit=verdict.xml` and the like; a usage error for a form that there is not, a missing name,
    one file twice.
    """
    copies: list[Copy] = []
    for text in given:
        form, _, name = text.partition("=")
        if form not in FORMS or not name:
            raise click.BadParameter(
                f"{text!r} is not FORM=FILE, with one of {', '.join(FORMS)} as the form"
            )
        if any(copy.path == Path(name) for copy in copies):
            raise click.BadParameter(f"{name} is written twice")
        copies.append(Copy(form, Path(name)))
    return copies


def write_option() -> Callable[[Callable[..., int]], Callable[..., int]]:
    """The option `--write FORM=FILE`, as often as there are files."""
    return click.option(
        "--write",
        "copies",
        multiple=True,
        metavar="FORM=FILE",
        callback=read_copies,
        help=f"Also write the verdict to a file, as {', '.join(RENDERINGS)}; as offenders every "
        "offender, in Parquet. "
        "Repeatable.",
    )


def wanted_offenders(copies: Sequence[Copy]) -> Offenders | None:
    """A place for every offender, where a file is asked for."""
    return Offenders() if any(copy.form == "offenders" for copy in copies) else None


def show_verdict(
    options: Options,
    verdict: Verdict,
    copies: Sequence[Copy] = (),
    offenders: Offenders | None = None,
) -> int:
    """Write a verdict to its files and print it; returns the exit code. Raises InvalidError
    (`not_written`).
    """
    for copy in copies:
        write(
            copy.path,
            _table(offenders)
            if copy.form == "offenders"
            else _body(RENDERINGS[copy.form](verdict)),
        )
    show.page(_body(RENDERINGS[options.format](verdict)).decode())
    return ANSWER_IS_NO if verdict.blocks else 0


def _body(rendered: str | bytes) -> bytes:
    return rendered if isinstance(rendered, bytes) else rendered.encode()


def _table(offenders: Offenders | None) -> bytes:
    assert offenders is not None, "asked for before the judgement"
    assert offenders.frame is not None, "filled by the judgement"
    content = io.BytesIO()
    offenders.frame.write_parquet(content)
    return content.getvalue()


def write(path: Path, body: bytes) -> None:
    """Write a file; raises InvalidError (`not_written`)."""
    try:
        path.write_bytes(body)
    except OSError as error:
        raise InvalidError(
            "not_written", f"{path}: cannot be written: {error.strerror or error}"
        ) from None
