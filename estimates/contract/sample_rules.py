"""What a contract may say of samples: many draws a row, and the quantiles that are made of them."""

from collections.abc import Collection, Mapping

from estimates.contract.columns import Column
from estimates.render.wording import did_you_mean


def check_samples(
    columns: Mapping[str, Column], key: Collection[str], belongs: Mapping[str, str]
) -> None:
    """Raises ValueError for samples along no key column, and quantiles of no samples.

    belongs  the point column of each column, "" for none
    """
    samples = [name for name, column in columns.items() if column.role == "samples"]
    for name, column in columns.items():
        unknown = [part for part in column.joint if part not in key]
        if unknown:
            what = f"which is no key column{did_you_mean(unknown[0], key)}"
            raise ValueError(f"columns.{name}.joint names {unknown[0]!r}, {what}")
        source = column.from_samples
        if source is None:
            continue
        if source not in samples:
            what = f"which is no column of samples{did_you_mean(source, samples)}"
            raise ValueError(f"columns.{name}.from_samples names {source!r}, {what}")
        if belongs[name] != belongs[source]:
            raise ValueError(f"columns.{name} and its samples {source!r} belong to two points")
