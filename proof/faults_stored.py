"""Faults of what is stored, recorded, observed and excepted: files on disk, lineage, times, actual
values, waivers.
"""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import timedelta
from pathlib import Path

import msgspec
import polars as pl

from estimates.catalog.at import At
from estimates.catalog.records import InputDigest, Waiver
from estimates.contract.contract_file import parse_contract
from estimates.errors import ConflictError, CorruptError, EstimatesError, GateError
from estimates.gate.evaluation import evaluate
from estimates.lookup.read_file_writing import build
from estimates.lookup.stored_reads import StoredReads
from estimates.storage import snapshot
from estimates.storage.objects import Objects
from estimates.storage.parts import Part, key_range
from estimates.store.judge import stored_candidate
from proof import forecasts
from proof.fault import Outcome, delivered, fault, of_verdict
from proof.faults_prices import of, scaled
from proof.scenes import Scene


def files(scene: Scene, version: int) -> tuple[Path, Path]:
    """The Parquet file and the manifest of a version."""
    root, objects = Path(scene.store.root), scene.store.objects
    snapshot_id = scene.store.view().resolve(scene.set, At(version)).snapshot_id
    manifest = snapshot.read_manifest(objects, scene.set, snapshot_id)
    (part,) = manifest.content()
    folder = root / snapshot.folder(scene.set, snapshot_id)
    return root / manifest.name_of(scene.set, part), folder / "manifest.json"


def judged(scene: Scene, version: int) -> Outcome:
    """What the gate says to a stored version."""
    return of_verdict(scene.store.judge(scene.set, version, judged_at=scene.at))


def promoted(scene: Scene, version: int) -> Outcome:
    """What promote says."""
    try:
        scene.store.promote(scene.set, version, reason="proof")
    except GateError as error:
        return Outcome("blocked", (error.code,))
    except EstimatesError as error:
        return Outcome("refused", (error.code,))
    return Outcome("passed", ())


@fault("prices", "stored file")
def a_lost_manifest(scene: Scene) -> Outcome:
    """The manifest of a version is gone."""
    version = scene.publish()
    files(scene, version)[1].unlink()
    return judged(scene, version)


@fault("prices", "stored file")
def an_edited_manifest(scene: Scene) -> Outcome:
    """Somebody has changed a unit in the manifest."""
    version = scene.publish()
    manifest = files(scene, version)[1]
    manifest.write_text(manifest.read_text().replace('"USD"', '"EUR"', 1))
    return judged(scene, version)


@fault("prices", "stored file")
def a_flipped_bit(scene: Scene) -> Outcome:
    """One bit of the stored Parquet file is another one."""
    version = scene.publish()
    parquet = files(scene, version)[0]
    content = bytearray(parquet.read_bytes())
    content[len(content) // 2] ^= 1
    parquet.write_bytes(content)
    return judged(scene, version)


@fault("prices", "stored file")
def a_truncated_stored_file(scene: Scene) -> Outcome:
    """The stored Parquet file ends in its middle."""
    version = scene.publish()
    parquet = files(scene, version)[0]
    parquet.write_bytes(parquet.read_bytes()[: parquet.stat().st_size // 2])
    return judged(scene, version)


@fault("prices", "stored file")
def a_lost_stored_file(scene: Scene) -> Outcome:
    """The stored Parquet file is gone."""
    version = scene.publish()
    files(scene, version)[0].unlink()
    return judged(scene, version)


@fault("prices", "stored file")
def files_exchanged(scene: Scene) -> Outcome:
    """The Parquet file of yesterday's version lies in the place of today's."""
    version = scene.publish()
    files(scene, version)[0].write_bytes(files(scene, scene.production)[0].read_bytes())
    return judged(scene, version)


@fault("prices", "stored file")
def garbage_with_a_digest(scene: Scene) -> Outcome:
    """A writer stored half a Parquet file, and the digest of that half."""
    parquet = _encoded(scene, scene.today)
    return _written(scene, parquet[: len(parquet) // 2], scene.today.height)


@fault("prices", "stored file")
def a_wrong_number_of_rows(scene: Scene) -> Outcome:
    """A writer counted the rows before it dropped some."""
    return _written(scene, _encoded(scene, scene.today.head(-1)), scene.today.height)


@fault("prices", "stored file")
def a_damaged_baseline(scene: Scene) -> Outcome:
    """The stored file of what is in production is damaged, so nobody knows what changes."""
    version = scene.publish()
    files(scene, scene.production)[0].write_bytes(b"PAR1")
    return judged(scene, version)


@fault("prices", "contract")
def another_nominal_level(scene: Scene) -> Outcome:
    """The contract now promises 90 %; the version was published when it promised 80 %."""
    version = scene.publish()
    text = Path(forecasts.CONTRACT).read_text().replace("level = 0.8\n", "level = 0.9\n")
    scene.store.define(parse_contract(text), text)
    return judged(scene, version)


@fault("prices", "contract")
def another_unit(scene: Scene) -> Outcome:
    """The contract now says EUR; the version was published in USD."""
    version = scene.publish()
    text = Path(forecasts.CONTRACT).read_text().replace('"USD"', '"EUR"')
    scene.store.define(parse_contract(text), text)
    return judged(scene, version)


@fault("prices", "lineage")
def inputs_without_digests(scene: Scene) -> Outcome:
    """Nobody recorded which inputs a run read."""
    return delivered(scene, scene.today, inputs=(InputDigest("prices", "prices.parquet", ""),))


@fault(
    "prices",
    "lineage",
    reason="its numbers may be right; whoever wants to be able to repeat every run gives "
    "`reproducible` `block = 0`",
)
def no_code_revision(scene: Scene) -> Outcome:
    """The job's code was under no version control."""
    return delivered(scene, scene.today, code=None)


@fault("prices", "lineage")
def data_from_the_future(scene: Scene) -> Outcome:
    """The run says that it saw data of the next day."""
    return delivered(scene, scene.today, data_through=scene.at + timedelta(days=1))


@fault("prices", "lineage")
def a_shifted_clock(scene: Scene) -> Outcome:
    """A local time was recorded as if it were UTC: data end five hours after they were judged."""
    return delivered(scene, scene.today, data_through=scene.at + timedelta(hours=5))


@fault("prices", "lineage")
def targets_not_recorded(scene: Scene) -> Outcome:
    """The run did not record which targets its calendar gave."""
    return delivered(scene, scene.today, targets=())


@fault(
    "averages",
    "lineage",
    reason="the contract decides: `freshness.blocks = true` blocks (`old data that block`), "
    "without "
    "it readers are told",
)
def old_data(scene: Scene) -> Outcome:
    """A version of data that are ten days old."""
    scene = dataclasses.replace(scene, through=scene.through + timedelta(days=10))
    return delivered(scene, scene.today, data_through=scene.through - timedelta(days=10))


@fault("averages", "lineage")
def old_data_that_block(scene: Scene) -> Outcome:
    """The same where the contract says that old data block."""
    text = scene.text.replace('max_age = "4d"', 'max_age = "4d"\nblocks = true')
    scene.store.define(parse_contract(text), text)
    return old_data(scene)


@fault("prices", "promote")
def a_rerun_of_an_older_day(scene: Scene) -> Outcome:
    """An older day was computed again and would go to production by itself."""
    frame, provenance = scene.read(scene.before)
    earlier = msgspec.structs.replace(provenance, data_through=scene.through - timedelta(days=9))
    version = scene.store.publish(scene.set, frame, earlier, released_at=scene.at).version
    try:
        scene.store.promote(scene.set, version, automatic=True)
    except (ConflictError, GateError) as error:
        return Outcome("refused", (error.code,))
    return Outcome("passed", ())


@fault("prices", "promote")
def a_read_file_of_other_numbers(scene: Scene) -> Outcome:
    """The file that lookups read is whole and says other numbers than the snapshot (check 43)."""
    number = scene.publish()
    version = scene.store.view().resolve(scene.set, At(number))
    scene.store.judge(scene.set, number, judged_at=scene.at)
    manifest = scene.store.manifests.get(scene.set, version.snapshot_id)
    (part,) = manifest.parts
    path = Path(StoredReads(scene.store.objects).place(scene.set, part.sha256) or "")
    path.parent.mkdir(parents=True, exist_ok=True)
    build(scaled(scene.today, 1.001), manifest.shape, part.sha256, path)
    try:
        return promoted(scene, number)
    except CorruptError as error:
        return Outcome("refused", (error.code,))


@fault("prices", "promote")
def production_has_moved(scene: Scene) -> Outcome:
    """Production moved between judgement and promotion, so the verdict counts for nothing (check
    44).
    """
    number = scene.publish()
    version = scene.store.view().resolve(scene.set, At(number))
    scene.store.judge(scene.set, version.version, judged_at=scene.at)
    seen = scene.store.view().set(scene.set)
    scene.store.rollback(scene.set, reason="proof")
    try:
        scene.store.catalog.promote(
            version,
            alias="production",
            seen=seen,
            actor="proof",
            reason="proof",
            automatic=False,
            details={},
        )
    except ConflictError as error:
        return Outcome("refused", (error.code,))
    return Outcome("passed", ())


@fault("prices", "promote")
def a_rolled_back_version_again(scene: Scene) -> Outcome:
    """Content that was rolled back is published again and would go to production by itself."""
    version = scene.publish()
    scene.store.judge(scene.set, version, judged_at=scene.at)
    scene.store.promote(scene.set, version, reason="proof")
    scene.store.rollback(scene.set, reason="proof")
    again = scene.publish()
    try:
        scene.store.promote(scene.set, again, automatic=True)
    except ConflictError as error:
        return Outcome("refused", (error.code,))
    return Outcome("passed", ())


@fault("prices", "waiver")
def a_waiver_of_other_content(scene: Scene) -> Outcome:
    """A waiver that was given for another version's content."""
    return waived(scene, "domain_missing", snapshot_id="0" * 64)


@fault("prices", "waiver")
def a_waiver_of_no_check(scene: Scene) -> Outcome:
    """A waiver of a check that does not exist."""
    return waived(scene, "domain_mising")


@fault("prices", "waiver")
def an_expired_waiver(scene: Scene) -> Outcome:
    """A waiver that ended an hour before the judgement."""
    return waived(scene, "domain_missing", until=scene.at - timedelta(hours=1))


@fault("prices", "waiver")
def a_waiver_of_what_nobody_may_waive(scene: Scene) -> Outcome:
    """A waiver of ends out of order."""
    swapped = scene.today.with_columns(lower_80="upper_80", upper_80="lower_80")
    return waived(scene, "interval_order", swapped)


@fault("prices", "actual values")
def intervals_that_do_not_cover(scene: Scene) -> Outcome:
    """Intervals cover far less than they promise: a third of their width, held against the closes
    that came.
    """
    narrow = scene.today.with_columns(
        (pl.col("value") * (pl.col(n) / pl.col("value")) ** (1 / 6)).alias(n)
        for n in ("lower_80", "upper_80", "lower_95", "upper_95")
    )
    return observed(scene, narrow)


@fault("prices", "actual values")
def half_of_the_tickers_biased(scene: Scene) -> Outcome:
    """Half of the tickers 6 % too high, held against the closes that came."""
    return observed(scene, scaled(scene.today, 1.06, pl.col("ticker") < "KO"))


@fault("plans", "actual values")
def plans_too_low(scene: Scene) -> Outcome:
    """Plans for sixty days 7 % too low, held against the closes that came."""
    return observed(scene, scene.today.with_columns(pl.col("close") * 0.93))


@fault(
    "scores",
    "actual values",
    reason="decisions may change for nothing without any of them being worse; a contract that "
    "minds "
    "gives it `block`",
)
def decisions_that_waver(scene: Scene) -> Outcome:
    """Seven in a hundred decisions change, half of them for the better."""
    before = scene.before.select("customer_id", was=pl.col("decision"))
    rows = pl.int_range(pl.len())
    other = (
        pl.when(pl.col("decision") == "leaves").then(pl.lit("stays")).otherwise(pl.lit("leaves"))
    )
    wavering = scene.today.with_columns(
        decision=pl.when(rows % 14 == 0).then(other).otherwise("decision")
    )
    truth = wavering.join(before, on="customer_id", how="left").with_columns(
        decision=pl.when(rows % 28 == 0).then(pl.coalesce("was", "decision")).otherwise("decision")
    )
    return observed(scene, wavering, truth.select("customer_id", "decision"))


@fault("prices", "actual values")
def actual_values_of_other_keys(scene: Scene) -> Outcome:
    """Actual values with the wrong tickers: nothing can be held against them, and that is no
    pass.
    """
    return observed(
        scene,
        scene.today,
        closes().with_columns(ticker=pl.lit("TEST")).unique(["ticker", "target_date"]),
    )


def closes() -> pl.DataFrame:
    """All closes of the example as actual values of its forecasts."""
    prices = pl.read_parquet(forecasts.PRICES)
    return prices.select(
        "ticker", pl.col("date").alias("target_date"), pl.col("close").alias("value")
    )


def observed(scene: Scene, frame: pl.DataFrame, actuals: pl.DataFrame | None = None) -> Outcome:
    """What the gate says to a version once actual values are known."""
    version = scene.publish(frame)
    if actuals is None:
        actuals = closes().rename({"value": scene.store.contract(scene.set).points[0]})
    return of_verdict(scene.store.judge(scene.set, version, judged_at=scene.at, actuals=actuals))


def waived(
    scene: Scene, check: str, frame: pl.DataFrame | None = None, **changed: object
) -> Outcome:
    """What the gate says with a waiver to a version without KO, or to another one."""
    number = scene.publish(scene.today.filter(~of("KO")) if frame is None else frame)
    version = scene.store.view().resolve(scene.set, At(number))
    candidate, baseline = (
        stored_candidate(scene.store, scene.store.view().resolve(scene.set, At(v)))
        for v in (number, scene.production)
    )
    fields: dict[str, object] = {
        "id": 1,
        "set": scene.set,
        "version": number,
        "snapshot_id": version.snapshot_id,
        "check": check,
        "keys": None,
        "reason": "proof",
        "actor": "proof",
        "at": scene.at - timedelta(hours=2),
        "until": scene.at + timedelta(hours=1),
    }
    waivers = [msgspec.convert(fields | changed, Waiver)]
    contract = scene.store.contract(scene.set)
    return of_verdict(
        evaluate(
            contract,
            candidate,
            baseline,
            judged_at=scene.at,
            contract_revision=1,
            waivers=waivers,
        )
    )


def _encoded(scene: Scene, rows: pl.DataFrame) -> bytes:
    """The rows as a careful writer stores them."""
    ((_, parquet),) = snapshot.encode_parts(rows, scene.store.contract(scene.set).shape())
    return parquet


def _written(scene: Scene, parquet: bytes, rows: int) -> Outcome:
    """Publish bytes as a writer without our care would."""
    objects = Objects(scene.store.root)
    digest = hashlib.sha256(parquet).hexdigest()
    part = Part(
        digest,
        len(parquet),
        rows,
        *key_range(scene.today, list(scene.store.contract(scene.set).key)),
    )
    manifest = snapshot.manifest_of(scene.store.contract(scene.set).shape(), (part,))
    objects.put(snapshot.part_name(scene.set, digest), parquet)
    snapshot.write_manifest(objects, scene.set, manifest)
    _, provenance = scene.read(scene.today)
    revision = scene.store.view().set(scene.set).contracts[-1]
    version = scene.store.catalog.publish(
        revision,
        manifest.snapshot_id,
        rows,
        provenance,
        actor="proof",
        parts=[digest],
        released_at=scene.at,
    )
    return judged(scene, version.version)
