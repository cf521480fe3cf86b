"""Erase: the numbers of some keys go from every version of a set, and from all that repeats them.

The parts that have rows of them are written again without, one event puts those in their place, and
then the old files are deleted for good. Ids and chain stay what they were: manifests are read
through what the event lists.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

import msgspec
import polars as pl

from estimates.catalog.erased_keys import ErasedKeys
from estimates.catalog.records import ErasedPart, Event, Version
from estimates.catalog.set_view import SetView
from estimates.errors import CorruptError, InvalidError, NotFoundError, UnavailableError
from estimates.keys.key_digests import has_digest
from estimates.keys.key_form import Key
from estimates.lookup.read_file_layout import AFTER
from estimates.lookup.snapshot_parts import search_key
from estimates.reading.version_reader import key_form
from estimates.render.row_text import text_of
from estimates.storage import run_logs, snapshot
from estimates.storage.parts import Part
from estimates.storage.snapshot import Manifest
from estimates.storage.trash import TRASH
from estimates.store.deletions import finish_deletions
from estimates.store.erased_files import Removal, remove_erased
from estimates.store.identity import NAME as IDENTITY
from estimates.store.open_store import OpenStore
from estimates.store.reasons import check_reason

_ATTEMPTS = 5  # each is lost to a version, or a sweep, that came in between


class Erased(msgspec.Struct, frozen=True):
    """What an erasure did, or would do.

    event     None where all of the keys were erased before, and on a dry run
    rows      estimates that went, each counted once for each part that had it
    versions  the unexpired ones that had any
    verdicts  how many named the keys; files: how many files were deleted
    left      (file, what the storage said) of what it does not let be deleted
    mlflow_runs     those of the versions: their artefacts are out of reach
    keeps_versions  the bucket keeps what was deleted, as older versions of its objects
    """

    event: Event | None
    keys: int
    rows: int
    versions: tuple[int, ...]
    verdicts: int
    files: int
    left: tuple[tuple[str, str], ...]
    mlflow_runs: tuple[str, ...]
    keeps_versions: bool


class _Plan(NamedTuple):
    """What has rows of the keys.

    replaced  the parts of versions, with what is read in their place
    rows      how many rows go
    versions  those that have such parts
    unread    files of no version, and the logs of runs, which may say anything
    present   the keys, as text, that have any row
    """

    replaced: list[ErasedPart]
    rows: int
    versions: list[Version]
    unread: list[str]
    present: set[tuple[str, ...]]


def erase(
    store: OpenStore, name: str, keys: Sequence[Key], *, reason: str, dry_run: bool = False
) -> Erased:
    """Take keys, or all keys under leading parts, out of every version of a set, for good.

    Keys that were erased before are no error: what an interrupted erasure left is deleted then.
    Raises InvalidError (`reason_needed`, `key_parts`, `bad_key_part`, `unknown_keys`: keys that no
    file of the set has), ConflictError (`legal_hold`), CorruptError for a part that cannot be read,
    UnavailableError (`being_swept`: versions were published all the while).
    """
    check_reason(reason)
    texts = _key_texts(store, name, keys)
    if not dry_run:
        store.check_writable("erased", name)
        finish_deletions(store)
    for _ in range(_ATTEMPTS):
        claims_seen = store.catalog.last_claim(name)
        of_set = store.refresh().set(name)
        erasing = _Erasing(store, name, of_set, texts)
        plan = erasing.plan(write=not dry_run)
        if plan is None:
            continue
        new = [key for key in texts if key not in erasing.before]
        _check_present(name, new, plan)
        if dry_run:
            return _outcome(store, None, len(texts), plan, Removal(0, ()))
        event = None
        if new:
            event = store.catalog.erase(
                name,
                [erasing.keys.digest(key) for key in new],
                plan.replaced,
                plan.versions,
                content_seen=of_set.last_content,
                claims_seen=claims_seen,
                reason=reason,
                actor=store.actor,
            )
            if event is None:
                continue
            store.notify_and_copy(event)
        store.catalog.forget_messages(name)
        store.catalog.write_over()
        view = store.refresh()
        removal = remove_erased(store.objects, view, plan.unread)
        store.objects.remove_leftovers()
        return _outcome(store, event, len(texts), plan, removal)
    raise UnavailableError(
        "being_swept",
        f"{name}: versions were published or swept all the while",
        remedy="run it again",
    )


def _key_texts(store: OpenStore, name: str, keys: Sequence[Key]) -> list[tuple[str, ...]]:
    """The keys, or their leading parts, as text, each once."""
    of_set = store.view().set(name)
    form = key_form(of_set, len(of_set.contracts))
    texts = list(dict.fromkeys(tuple(form.texts(key, partial=True)) for key in keys))
    if not texts or () in texts:
        raise InvalidError(
            "key_parts", f"{name}: no key is named", remedy="name one, or a leading part"
        )
    return texts


class _Erasing:
    """Some keys of a set at one moment, and what has rows of them.

    keys    these; before: those that were erased before
    """

    def __init__(
        self, store: OpenStore, name: str, of_set: SetView, texts: Sequence[tuple[str, ...]]
    ) -> None:
        self._store = store
        self._name = name
        self._of_set = of_set
        self._texts = texts
        self._firsts = sorted({text[0] for text in texts})
        store_id = store.view().head.store
        self.before = ErasedKeys(store_id, name, of_set.erased_keys)
        self.keys = ErasedKeys(store_id, name, [])
        self.keys.digests = {self.keys.digest(text) for text in texts}

    def plan(self, *, write: bool) -> _Plan | None:
        """Look at every part of the set, and at what was moved to the trash; None where files went
        meanwhile: a sweep took a version that expired, or another erasure replaced a part.

        write  whether to write the parts without these rows
        """
        try:
            if write and self._of_set.holds:
                self._look(write=False)  # a refusal writes nothing
            return self._look(write=write)
        except NotFoundError as error:
            if error.code == "expired":
                return None
            raise
        except CorruptError:
            if self._store.refresh().set(self._name).last_content != self._of_set.last_content:
                return None
            raise

    def _look(self, *, write: bool) -> _Plan:
        plan = _Plan([], 0, [], [], set())
        rows, gone_from, needed = 0, dict[str, bool](), set[str]()
        for version in self._of_set.versions:
            if version.expired_at is not None:
                continue
            with self._store.unexpired(version):
                manifest = self._store.manifests.get(self._name, version.snapshot_id)
                for part in manifest.content():
                    needed.add(manifest.name_of(self._name, part))
                    if part.sha256 not in gone_from:
                        erased = self._erased_part(manifest, part, plan.present, write=write)
                        gone_from[part.sha256] = erased is not None
                        if erased is not None:
                            plan.replaced.append(erased)
                            rows += part.rows - erased.rows
            if any(gone_from[part.sha256] for part in manifest.content()):
                plan.versions.append(version)
        self._check_no_hold(plan.versions)
        plan.unread.extend(
            file
            for file in self._files_of_no_version(needed, gone_from)
            if self._is_of_them(file, plan)
        )
        plan.unread.extend(self._logs_of_runs())
        return plan._replace(rows=rows)

    def _check_no_hold(self, versions: Sequence[Version]) -> None:
        """Refuse before anything is written; the commit asks again."""
        newest = self._of_set.versions[-1:]
        kept = [version for version in versions if self._of_set.holds_on(version)]
        whole = newest if any(hold.version is None for hold in self._of_set.holds) else []
        self._store.catalog.check_no_hold([*kept, *whole])

    def _erased_part(
        self, manifest: Manifest, part: Part, present: set[tuple[str, ...]], *, write: bool
    ) -> ErasedPart | None:
        """A part without rows of these keys; None where it has none."""
        if not self._may_have(manifest, part):
            return None
        objects = self._store.objects
        content = snapshot.read_part(objects, manifest.name_of(self._name, part), part)
        frame = pl.read_parquet(content)
        left = self._left(frame, manifest.shape.key_names, present)
        if left.height == frame.height:
            return None
        made, content = snapshot.encode_part(left, manifest.shape)
        if write:
            objects.put_once(snapshot.part_name(self._name, made.sha256), content)
        return ErasedPart(part.sha256, made.sha256, made.size, made.rows)

    def _may_have(self, manifest: Manifest, part: Part) -> bool:
        """Whether any of the keys may lie between the first and the last of a part."""
        if not part.first:  # of format 1, whose manifests do not say
            return True
        first, last = (search_key(manifest.shape, end) for end in (part.first, part.last))
        for text in self._texts:
            shape = msgspec.structs.replace(manifest.shape, key=manifest.shape.key[: len(text)])
            try:
                begin = search_key(shape, text)
            except (ValueError, LookupError):  # an earlier shape may have keys of other types
                return True
            if first < begin + AFTER and begin <= last:
                return True
        return False

    def _left(
        self, frame: pl.DataFrame, key: Sequence[str], present: set[tuple[str, ...]]
    ) -> pl.DataFrame:
        """The rows of other keys; which of these keys have any is noted."""
        numbered = frame.with_row_index("\x01row")
        first = frame.select(text_of(frame, key[0])).to_series()
        near = numbered.filter(first.is_in(self._firsts))
        gone = near.filter(has_digest(near, key, self.keys.prefix, self.keys.digests))
        for row in gone.select(text_of(gone, name).alias(name) for name in key).iter_rows():
            present.update(text for text in self._texts if row[: len(text)] == text)
        return numbered.join(gone, on="\x01row", how="anti", maintain_order="left").drop("\x01row")

    def _files_of_no_version(self, needed: set[str], digests: Container[str]) -> Iterator[str]:
        """The Parquet files of the set that no version has, those in the trash too, and read files
        of other parts than those of some digests.
        """
        objects = self._store.objects
        for folder in ("parts", "snapshots"):
            for file in objects.names(f"sets/{self._name}/{folder}"):
                if file.endswith(".parquet") and file not in needed:
                    yield file
        for file in objects.names(f"sets/{self._name}/reads"):  # of versions that expired
            if file.rpartition("/")[2].partition(".")[0] not in digests:
                yield file
        for file in objects.names(TRASH):
            if f"/sets/{self._name}/" in file and file.endswith(".parquet"):
                yield file

    def _logs_of_runs(self) -> Iterator[str]:
        """The logs of the set's runs, and those of runs that no catalog knows any more."""
        objects, member = self._store.objects, self._of_set.contract.member
        own = {self._name} if member is None else {self._name, member.of}
        runs = [run.run_id for run in self._store.catalog.runs(None) if run.set not in own]
        for name, of_set in self._store.view().sets.items():
            if name not in own:
                runs += [version.provenance.run_id for version in of_set.versions]
        others = set(map(run_logs.name_of, runs))
        for file in objects.names(run_logs.FOLDER):
            if file not in others and not objects.is_linked(file):
                yield file

    def _is_of_them(self, file: str, plan: _Plan) -> bool:
        """Whether a file has rows of these keys, or cannot be read."""
        if self._store.objects.is_linked(file):
            return False
        if _digest_in(file) in self._of_set.replaced:
            return False  # it goes in any case
        try:
            frame = pl.read_parquet(self._store.objects.get(file))
            contracts = self._of_set.contracts
            names = {tuple(self._of_set.revision(c.revision).key) for c in contracts}
            keys = [key for key in names if set(key) <= set(frame.columns)]
            left = [self._left(frame, key, plan.present) for key in keys]
        except NotFoundError:
            return False
        except pl.exceptions.PolarsError:
            return True
        return not left or any(rows.height < frame.height for rows in left)


def _check_present(name: str, new: Sequence[tuple[str, ...]], plan: _Plan) -> None:
    absent = ["/".join(key) for key in new if key not in plan.present]
    if absent:
        more = f" and {len(absent) - 3} more" if len(absent) > 3 else ""
        raise InvalidError(
            "unknown_keys",
            f"{name}: no version has {', '.join(absent[:3])}{more}: nothing was erased",
            remedy="look at how they are written with `estimates get`",
            keys=absent[:100],
        )


def _outcome(
    store: OpenStore, event: Event | None, keys: int, plan: _Plan, removal: Removal
) -> Erased:
    runs = [version.mlflow_run for version in plan.versions if version.mlflow_run is not None]
    return Erased(
        event,
        keys,
        plan.rows,
        tuple(version.version for version in plan.versions),
        0 if event is None else event.details["verdicts"],
        removal.files,
        removal.left,
        tuple(runs),
        removal.files > 0 and store.objects.keeps_versions(IDENTITY),
    )


def _digest_in(file: str) -> str | None:
    """The digest that a part's file is named by; None for another file."""
    *_, folder, last = file.split("/")
    return last.removesuffix(".parquet") if folder == "parts" else None
