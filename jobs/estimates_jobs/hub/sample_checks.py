"""Samples of a submission: how many of each task, and that each covers the tasks that it is drawn
for together (https://docs.hubverse.io, "Sample output type").
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from estimates.render.wording import count
from estimates_jobs.hub.hub_folder import Tree
from estimates_jobs.hub.request_report import Finding
from estimates_jobs.hub.submission_rows import Submission, examples
from estimates_jobs.tables.hubverse import LONG


def sample_faults(submission: Submission) -> Iterator[Finding]:
    """Samples that are too few or too many, have ids of another type, or leave tasks out."""
    for number, task in enumerate(submission.of_round.tasks):
        spec = task["output_type"].get("sample")
        rows = submission.of_task(number, "sample")
        if spec is None or not rows.height:
            continue
        params = spec.get("output_type_id_params") or {}
        free = [name for name in task["task_ids"] if name not in submission.derived]
        sets = params.get("compound_taskid_set")
        together = free if sets is None else [name for name in sets if name in free]
        together = together or free[:1]  # all tasks at once: the first is the round's
        yield from _id_faults(params, rows, free)
        yield from _count_faults(params, rows, together)
        yield from _whole_faults(rows, free, together)


def _id_faults(params: Tree, rows: pl.DataFrame, free: list[str]) -> Iterator[Finding]:
    mark = pl.col(LONG[1])
    tests = [("that is missing", mark.is_null())]
    if params.get("type") == "integer":
        tests.append(("that is no integer", ~mark.str.contains(r"^[+-]?\d+$")))
    if params.get("max_length") is not None:
        most = int(params["max_length"])
        tests.append((f"of more than {most} characters", mark.str.len_chars() > most))
    for words, test in tests:
        bad = rows.filter(test.fill_null(False))
        if bad.height:
            yield Finding(
                "samples",
                f"a sample with an id {words}",
                rows=bad.height,
                examples=examples(bad, [*free, LONG[1]]),
            )


def _count_faults(params: Tree, rows: pl.DataFrame, together: list[str]) -> Iterator[Finding]:
    counts = rows.group_by(together, maintain_order=True).agg(
        pl.col(LONG[1]).n_unique().alias("samples")
    )
    for field, words, test in (
        ("min_samples_per_task", "fewer", pl.col("samples").lt),
        ("max_samples_per_task", "more", pl.col("samples").gt),
    ):
        bound = params.get(field)
        if bound is None:
            continue
        bad = counts.filter(test(bound))
        if bad.height:
            yield Finding(
                "samples",
                f"{words} than {count(bound, 'sample')} of {count(bad.height, 'task')}",
                examples=examples(bad, [*together, "samples"]),
            )


def _whole_faults(rows: pl.DataFrame, free: list[str], together: list[str]) -> Iterator[Finding]:
    """Each sample of tasks that belong together has all those that any of them has."""
    rest = [name for name in free if name not in together]
    if not rest:
        return
    sizes = rows.group_by([*together, LONG[1]], maintain_order=True).agg(
        pl.struct(rest).n_unique().alias("tasks")
    )
    wanted = rows.group_by(together).agg(pl.struct(rest).n_unique().alias("wanted"))
    bad = sizes.join(wanted, on=together, nulls_equal=True, maintain_order="left").filter(
        pl.col("tasks") < pl.col("wanted")
    )
    if bad.height:
        yield Finding(
            "samples",
            f"{count(bad.height, 'sample')} without tasks that others of the same "
            f"{', '.join(together)} have",
            examples=examples(bad, [*together, LONG[1], "tasks", "wanted"]),
        )
