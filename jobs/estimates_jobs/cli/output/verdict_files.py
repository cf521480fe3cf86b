"""A verdict as commands show it: printed in one form, written to files in others."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from estimates.errors import EstimatesError
from estimates.gate.offender_table import Offenders
from estimates.gate.pages.github_annotations import annotate_unreadable, render_github
from estimates.gate.pages.junit import render_junit, render_unreadable
from estimates.gate.pages.verdict_html import render_html
from estimates.gate.pages.verdict_markdown import render_markdown, unreadable_markdown
from estimates.gate.pages.verdict_text import render_text
from estimates.gate.verdict import Verdict, render_json
from estimates_jobs.cli.interface.command import Options
from estimates_jobs.cli.interface.failures import ANSWER_IS_NO
from estimates_jobs.cli.output import terminal
from estimates_jobs.cli.output.file_writing import writing

RENDERINGS: dict[str, Callable[[Verdict], str | bytes]] = {
    "text": render_text,
    "json": render_json,
    "junit": render_junit,
    "markdown": render_markdown,
    "html": render_html,
    "github": render_github,
}

_FORMS = (*RENDERINGS, "offenders")
# What can say that nothing was judged, of the set, the source, the error's code and message.
_UNREADABLE: dict[str, Callable[[str, str, str, str], bytes]] = {
    "junit": render_unreadable,
    "markdown": unreadable_markdown,
}


class VerdictFile(msgspec.Struct, frozen=True):
    """A file to write: in which form, and where."""

    form: str
    path: Path


def _parse(
    _context: click.Context, _option: click.Parameter, values: Sequence[str]
) -> list[VerdictFile]:
    """`junit=verdict.xml` and the like; a usage error for a form that there is not, a missing name,
    one file twice.
    """
    files: list[VerdictFile] = []
    for text in values:
        form, _, name = text.partition("=")
        if form not in _FORMS or not name:
            raise click.BadParameter(
                f"{text!r} is not FORM=FILE, with one of {', '.join(_FORMS)} as the form"
            )
        if any(file.path == Path(name) for file in files):
            raise click.BadParameter(f"{name} is written twice")
        files.append(VerdictFile(form, Path(name)))
    return files


write_option = click.option(
    "--write",
    "files",
    multiple=True,
    metavar="FORM=FILE",
    callback=_parse,
    help=f"Also write the verdict to a file, as {', '.join(RENDERINGS)}; as offenders every "
    "offender, in Parquet. Repeatable.",
)


@contextmanager
def reporting_unreadable(
    options: Options, files: Sequence[VerdictFile], set_name: str, source: str
) -> Iterator[None]:
    """Where nothing can be judged inside, since the set does not exist or a table cannot be read,
    say why in the JUnit files (a test that failed), in those of Markdown, and as an annotation.

    Raises what is raised inside; InvalidError (`not_written`).
    """
    try:
        yield
    except EstimatesError as error:
        why = (set_name, source, error.code, error.message)
        for file in files:
            if file.form in _UNREADABLE:
                with writing(file.path) as path:
                    path.write_bytes(_UNREADABLE[file.form](*why))
        if options.format == "github":
            terminal.page(annotate_unreadable(*why))
        raise


def needed_offenders(files: Sequence[VerdictFile]) -> Offenders | None:
    """A place for every offender, where a file is to have them."""
    return Offenders() if any(file.form == "offenders" for file in files) else None


def show_verdict(
    options: Options,
    verdict: Verdict,
    files: Sequence[VerdictFile] = (),
    offenders: Offenders | None = None,
) -> int:
    """Write a verdict to its files and print it; returns the exit code. Raises InvalidError
    (`not_written`).
    """
    for file in files:
        with writing(file.path) as path:
            path.write_bytes(
                _parquet(offenders) if file.form == "offenders" else _rendered(verdict, file.form)
            )
    if options.format == "text":
        terminal.report(lambda: _rendered(verdict, "text").decode())
    else:
        rendered = _rendered(verdict, options.format)
        text = (options.with_notes(rendered) if options.json else rendered).decode()
        (terminal.html if options.format == "html" else terminal.page)(text)
    return ANSWER_IS_NO if verdict.blocks else 0


def _rendered(verdict: Verdict, form: str) -> bytes:
    rendered = RENDERINGS[form](verdict)
    return rendered if isinstance(rendered, bytes) else rendered.encode()


def _parquet(offenders: Offenders | None) -> bytes:
    assert offenders is not None
    assert offenders.frame is not None, "filled by the judgement"
    content = io.BytesIO()
    offenders.frame.write_parquet(content)
    return content.getvalue()
