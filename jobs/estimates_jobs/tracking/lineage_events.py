"""OpenLineage: a lineage server is told when a run starts, completes or fails, what it read, and
what it wrote.

It is told where the environment names one, as the client of OpenLineage reads it: OPENLINEAGE_URL
or OPENLINEAGE_CONFIG. A server that is away never fails a run.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from estimates import __version__, instants
from estimates.catalog.records import InputDigest, Version
from estimates.extras import needs
from estimates.redaction import redacted
from estimates.render.wording import first_line

if TYPE_CHECKING:
    from estimates.catalog.run_record import Run
    from estimates.store.store import Store

_PRODUCER = f"estimates-store/{__version__}"
_VARIABLES = ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG")


def is_asked_for() -> bool:
    """Whether the environment names a lineage server."""
    return any(os.environ.get(name) for name in _VARIABLES)


def tell_start(store: Store, run: Run) -> str | None:
    """Tell that a run has begun; gives why that was not possible, None when it was."""
    return _emit(store, run, "START", None, None)


def tell_end(
    store: Store, run: Run, version: Version | None, message: str | None = None
) -> str | None:
    """Tell that a run made a version, or why it failed; gives why that was not possible."""
    return _emit(store, run, "COMPLETE" if message is None else "FAIL", version, message)


def _emit(
    store: Store, run: Run, kind: str, version: Version | None, message: str | None
) -> str | None:
    if not is_asked_for():
        return None
    try:
        with needs("openlineage"):
            from openlineage.client import OpenLineageClient

        OpenLineageClient().emit(_event(store, run, kind, version, message))
    except ModuleNotFoundError as error:
        return f"no lineage event: {error.msg}"
    except Exception as error:  # whatever a transport raises, the run goes on
        reason = redacted(first_line(error))
        return f"no lineage event: {reason}"
    return None


def _event(store: Store, run: Run, kind: str, version: Version | None, message: str | None) -> Any:
    from openlineage.client import event_v2, facet_v2

    facets: dict[str, Any] = {
        "nominalTime": facet_v2.nominal_time_run.NominalTimeRunFacet(
            instants.text(run.data_through)
        )
    }
    if message is not None:
        facets["errorMessage"] = facet_v2.error_message_run.ErrorMessageRunFacet(message, "Python")
    inputs = () if version is None else version.provenance.inputs
    return event_v2.RunEvent(
        eventTime=instants.text(instants.now()),
        producer=_PRODUCER,
        run=event_v2.Run(_run_uuid(store, run.run_id), facets),
        job=event_v2.Job(_namespace(store), run.set, _code(version)),
        eventType=event_v2.RunState[kind],
        inputs=[_input(store, source) for source in inputs],
        outputs=[] if version is None else [_output(store, version)],
    )


def _code(version: Version | None) -> dict[str, Any]:
    from openlineage.client import facet_v2

    commit = None if version is None else version.provenance.commit
    if version is None or commit is None:
        return {}
    location = facet_v2.source_code_location_job.SourceCodeLocationJobFacet
    return {"sourceCodeLocation": location("git", str(version.provenance.job), version=commit)}


def _input(store: Store, source: InputDigest) -> Any:
    from openlineage.client import event_v2, facet_v2

    namespace, name = (
        (_namespace(store), source.set) if source.set is not None else _place(source.source)
    )
    stamp = facet_v2.dataset_version_dataset.DatasetVersionDatasetFacet
    return event_v2.InputDataset(
        namespace, name, facets={"version": stamp(source.version or source.digest)}
    )


def _output(store: Store, version: Version) -> Any:
    from openlineage.client import event_v2, facet_v2

    stamp = facet_v2.dataset_version_dataset.DatasetVersionDatasetFacet
    statistics = facet_v2.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet
    return event_v2.OutputDataset(
        _namespace(store),
        version.set,
        facets={"version": stamp(str(version.version))},
        outputFacets={"outputStatistics": statistics(rowCount=version.rows)},
    )


def _namespace(store: Store) -> str:
    return f"estimates:{store.root}"


def _place(source: str) -> tuple[str, str]:
    """The namespace and the name of a table, as OpenLineage writes them."""
    if "://" in source:
        address = urlsplit(source)
        rest = address.path.strip("/") + (f"?{address.query}" if address.query else "")
        return f"{address.scheme}://{address.netloc}", rest
    return "file", source if " " in source else str(Path(source).absolute())


def _run_uuid(store: Store, run_id: str) -> str:
    """A run's id as OpenLineage wants it, the same for the same run."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{store.root} {run_id}"))
