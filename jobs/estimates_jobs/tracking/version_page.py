"""The version's page in its MLflow run: what the run made of it, why, and where it comes from.

It stands alone, as MLflow shows artifacts. Estimates are not in it, but for those of keys that the
verdict names: what is erased from the store must not live on in an artifact.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from estimates.catalog.records import InputDigest, Version
from estimates.catalog.run_record import Run
from estimates.gate.pages.verdict_html import sections_of
from estimates.gate.pages.verdict_text import headline
from estimates.gate.verdict import Verdict
from estimates.render.html import document, escaped, isolated, note, table
from estimates.render.section import Section
from estimates.stability.report import Report


def render_html(
    run: Run, version: Version, verdict: Verdict | None, report: Report | None
) -> bytes:
    """The page of a version as it was when its run ended; the same run gives the same page."""
    sections: list[Section] = [] if verdict is None else sections_of(verdict)
    parts = [
        f"<header>\n<p>{isolated(version.set)}</p>\n"
        f"<h1>Version {version.version}: {escaped(run.status)}</h1>\n</header>",
        _figures(version),
        *([] if verdict is None else [f"<p>{escaped(headline(verdict))}</p>"]),
        *([] if report is None else _change(report)),
        '<div class="tables">',
        *(table(section, whole=True) for section in [*sections, *_origin(version)]),
        "</div>",
        note(
            "As it was when the run ended. What happened since, and its estimates: the page "
            f"/sets/{version.set}/versions/{version.version} of `estimates serve`."
        ),
    ]
    return document(f"{version.set} version {version.version}", "\n".join(parts)).encode()


def _figures(version: Version) -> str:
    figures = {
        "estimates": f"{version.rows:,}",
        "published": f"{version.published_at:%Y-%m-%d %H:%M} UTC",
        "data through": f"{version.data_through:%Y-%m-%d %H:%M} UTC",
        "contract revision": str(version.contract_revision),
        "shape": str(version.shape),
        "snapshot": version.snapshot_id[:12],
    }
    cells = "".join(
        f"<div><dt>{escaped(what)}</dt><dd>{escaped(value)}</dd></div>"
        for what, value in figures.items()
    )
    return f'<dl class="facts">{cells}</dl>'


def _change(report: Report) -> list[str]:
    beside = "diff.html among the artifacts of this run has the whole comparison."
    return [f"<p>{escaped(report.headline)}</p>", note(beside)]


def _origin(version: Version) -> Iterator[Section]:
    """Where the version comes from."""
    origin = version.provenance
    known = {
        "run": origin.run_id,
        "job": origin.job,
        "code": origin.code,
        "commit": origin.commit,
        "seed": origin.seed,
        **{f"parameter {name}": _text(value) for name, value in origin.parameters.items()},
    }
    rows = [[name, str(value)] for name, value in known.items() if value is not None]
    if carried := origin.carried_over:
        groups = f"{carried.rows:,} estimates of {carried.by} {', '.join(carried.groups)}"
        rows.append(["carried over", f"{groups} are those of version {carried.since}"])
    notes = list(origin.warnings)
    yield Section("origin", "Where it comes from", [], ["what", ""], rows, 2, notes)
    if origin.inputs:
        header = ["input", "from", "SHA-256", "rows"]
        inputs = [_input(source) for source in origin.inputs]
        yield Section("inputs", "What the run read", header=header, rows=inputs, left=3)


def _input(source: InputDigest) -> list[str]:
    rows = "" if source.rows is None else f"{source.rows:,}"
    return [source.name, source.source, source.digest[:12], rows]


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode()
