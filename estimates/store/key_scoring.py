"""Scores of single keys of a set's versions, and several sets in one table. Nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from estimates.accuracy import key_scores
from estimates.accuracy.actuals import read_actuals
from estimates.accuracy.match import match
from estimates.accuracy.model_table import ModelTable, Test, compare_models
from estimates.accuracy.observed import observed
from estimates.errors import InvalidError, NotFoundError
from estimates.store.open_store import OpenStore
from estimates.store.scoring import chosen_versions

_ORIGIN = "\0origin"
# What a table of models calls a loss, and the scores of keys that it is the mean of.
LOSSES = {
    "wis": "wis",
    "mae": "absolute_error",
    "crps": "crps",
    "energy_score": "energy_score",
    "rps": "rps",
    "brier": "brier",
    "log_loss": "log_loss",
    "error_rate": "wrong",
}


def scores_by_key(
    store: OpenStore,
    name: str,
    frame: pl.DataFrame,
    *,
    versions: Sequence[int] | None = None,
    vintage: datetime | str | None = None,
    log_shift: float | None = None,
) -> pl.DataFrame:
    """A row a version, observed column and key with an actual value; nothing is stored.

    frame, versions, vintage  as for `scoring.score_set`
    log_shift                 score ln(x + log_shift) in place of x
    Raises the errors of `read_actuals`, NotFoundError (`unknown_set`, `no_scores`), ConflictError
    (`other_shape`), InvalidError (`bad_transform`), CorruptError.
    """
    view = store.view().set(name)
    chosen = chosen_versions(store, name, versions)
    contract = view.revision(view.newest_of(chosen[-1].shape if chosen else view.present_shape))
    actuals = read_actuals(frame, contract, vintage)
    parts: list[pl.DataFrame] = []
    for version in chosen:
        matched = match(store.frame(version), actuals, contract, version.data_through)
        for of in observed(contract):
            if of.name not in actuals.sources:
                continue
            scores = key_scores.key_scores(matched, of, contract, log_shift)
            head = (version.version, version.data_through, of.name)
            literals = zip(map(pl.lit, head), key_scores.HEAD, strict=True)
            parts.append(scores.select(*(part.alias(n) for part, n in literals), pl.all()))
    if not any(part.height for part in parts):
        raise NotFoundError(
            "no_scores",
            f"{name}: of {len(chosen)} versions none has a key with an actual value",
            remedy="give actual values of keys that these versions estimate",
        )
    return pl.concat([part for part in parts if part.height], how="diagonal_relaxed")


def model_table(
    store: OpenStore,
    names: Sequence[str],
    frame: pl.DataFrame,
    *,
    baseline: str | None = None,
    vintage: datetime | str | None = None,
    loss: str | None = None,
    log_shift: float | None = None,
    test: Test = "wilcoxon",
) -> ModelTable:
    """Several sets as models of one thing, each pair on the keys of the same day of data_through
    that both have; of several versions of one day the newest counts. Of several columns it is about
    the first that all have, else the first of each.

    baseline  one of the sets, or one more
    loss      one of LOSSES; default: the first that all have
    test      what p-values are of
    Raises what `scores_by_key` does, InvalidError (`few_models`, `other_keys`, `bad_loss`,
    `no_scipy`).
    """
    models = list(dict.fromkeys([*names, *([] if baseline is None else [baseline])]))
    keys = {model: list(store.view().set(model).present_contract.key) for model in models}
    other = next((model for model in models if keys[model] != keys[models[0]]), None)
    if other is not None:
        raise InvalidError(
            "other_keys",
            f"the key of {models[0]} is {', '.join(keys[models[0]])} and that of {other} is "
            f"{', '.join(keys[other])}",
            remedy="compare sets with the same key columns",
        )
    scores = _newest_scores(store, models, frame, vintage, log_shift)
    common = [
        n for n, column in LOSSES.items() if all(column in part.columns for part in scores.values())
    ]
    chosen = loss or next(iter(common), None)
    if chosen is None or chosen not in common:
        raise InvalidError(
            "bad_loss",
            f"{chosen}: not all of these models have this loss",
            remedy=f"those that all have: {', '.join(common) or 'none'}",
        )
    unit = [_ORIGIN, *map(key_scores.own_name, keys[models[0]])]
    losses = {
        model: part.rename({LOSSES[chosen]: "\0loss"}).select(
            *unit, "data_through", pl.col("\0loss").alias(chosen)
        )
        for model, part in scores.items()
    }
    without = next(iter(losses.values())).clear()
    losses = {model: losses.get(model, without) for model in models}
    return compare_models(losses, unit, chosen, baseline, test)


def _newest_scores(
    store: OpenStore,
    models: Sequence[str],
    frame: pl.DataFrame,
    vintage: datetime | str | None,
    log_shift: float | None,
) -> dict[str, pl.DataFrame]:
    """Of each model the scores of one column in the newest version of each day; a new model that
    has none is left out, as long as there are two.
    """
    scores: dict[str, pl.DataFrame] = {}
    newest = pl.col("version") == pl.col("version").max().over(_ORIGIN)
    for place, model in enumerate(models):
        try:
            of_all = scores_by_key(store, model, frame, vintage=vintage, log_shift=log_shift)
        except NotFoundError as error:
            missing = place + 1 - len(scores)
            if error.code != "no_scores" or len(models) - missing < min(2, len(models)):
                raise
            continue
        origin = pl.col("data_through").dt.date().alias(_ORIGIN)
        scores[model] = of_all.with_columns(origin).filter(newest)
    columns = {m: part["column"].unique(maintain_order=True) for m, part in scores.items()}
    first = next(iter(columns.values()))
    shared = [name for name in first if all(name in names for names in columns.values())]
    for model, part in scores.items():
        of_column = part.filter(column=shared[0] if shared else columns[model][0])
        # what other columns are scored by says nothing of this one
        scores[model] = of_column[[s.name for s in of_column if s.null_count() < s.len()]]
    return scores
