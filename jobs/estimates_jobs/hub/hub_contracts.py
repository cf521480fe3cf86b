"""What a forecast hub asks for, as contracts: one for each target, shared by all its models.

The model tasks of its rounds (https://docs.hubverse.io, "Defining modeling tasks") say task ids,
which identify a forecast; output types, with the levels or categories of each; and what the target
is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from estimates.contract.contract_file import parse_contract
from estimates.contract.due import OTHER_DAYS
from estimates.errors import InvalidError
from estimates.render.wording import toml_key, toml_text
from estimates_jobs.hub.hub_folder import Hub, Tree, is_required, type_id_spec, type_ids, values

_TARGET_DATES = ("target_end_date", "target_date")
_ORIGINS = ("reference_date", "origin_date", "forecast_date", "nowcast_date")
_DAYS = {"day": 1, "week": 7}
# output types that a contract has a place for
_COLUMNS = ("mean", "median", "quantile", "pmf", "sample")
TargetTask = tuple[Tree, Tree, Tree]  # a target, a task that asks for it, the round of that


class HubContract(NamedTuple):
    """A contract's name, its TOML, and the output types of the hub that it leaves out.

    through  the last moment of data of a submission, such as `{date-7d}`, by the least horizon
    """

    name: str
    source: str
    left_out: tuple[str, ...]
    through: str


def hub_contracts(folder: str | Path) -> list[HubContract]:
    """The contract of each target that a hub has, in the order of its rounds; of a target in
    several rounds, as the newest asks for it. A target without an output type that a contract has a
    place for has an empty source.

    Raises InvalidError: `no_file`, `bad_file` (no JSON, or without the fields of a hub).
    """
    hub = Hub(Path(folder))
    zone = str(hub.admin.get("timezone") or "UTC")
    by_target: dict[str, list[TargetTask]] = {}
    try:
        for of_round in hub.rounds:
            for task in of_round["model_tasks"]:
                for target in task["target_metadata"]:
                    of_target = by_target.setdefault(target["target_id"], [])
                    of_target.append((target, task, of_round))
        names = _names(by_target)
        return [_contract(names[key], tasks, zone) for key, tasks in by_target.items()]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidError(
            "bad_file",
            f"{hub.tasks_file}: is no task configuration of a hub: {type(error).__name__}: {error}",
            remedy="name the folder of a hub whose hub-config/tasks.json is whole",
        ) from None


def _names(targets: Iterable[str]) -> dict[str, str]:
    """A set's name for each target, no two alike: its id in small letters."""
    names: dict[str, str] = {}
    for target in targets:
        slug = re.sub(r"[^a-z0-9]+", "-", str(target).lower()).strip("-") or "target"
        taken = sum(slug == re.sub(r"-\d+$", "", name) or slug == name for name in names.values())
        names[target] = f"{slug}-{taken + 1}" if taken else slug
    return names


def _contract(name: str, of_target: list[TargetTask], zone: str) -> HubContract:
    target, task, of_round = of_target[-1]
    # the same target may be asked for in one task as quantiles and in another as categories
    output_types = {
        kind: spec
        for _, other, its_round in of_target
        if its_round is of_round
        for kind, spec in other["output_type"].items()
    }
    kept = [kind for kind in _COLUMNS if kind in output_types]
    left_out = tuple(kind for kind in output_types if kind not in kept)
    if not kept:
        return HubContract(name, "", left_out, "")
    every: Tree = task["task_ids"]
    empty = [name for name, spec in every.items() if not values(spec)]  # do not apply to it
    ids = {name: spec for name, spec in every.items() if name not in empty}
    chosen_by: Tree = target.get("target_keys") or {}
    origin = of_round["round_id"] if of_round.get("round_id_from_variable") else _origin(ids)
    chooses = (f"{toml_key(column)} = {_text(value)}" for column, value in chosen_by.items())
    lines = [
        f"name = {_text(name)}",
        f"description = {_text(target.get('target_name') or target['target_id'])}",
        *_stability(target),
        "",
        "[family]  # every model of the hub is a set of this contract",
        *_columns(ids, chosen_by, origin),
        *_estimates(output_types, target),
        *_samples(output_types, target, ids, [*chosen_by, *([origin] if origin else [])]),
        *_freshness(ids.get(origin, {}) if origin else {}, of_round, origin, zone),
        "",
        "[gate]",
        'promote = "automatic"  # when the gate lets a version through; "manual" asks a person',
        *_profile(target),
        *_longest_gap(ids, target),
        "",
        "[load]",
        f"ignore = {_list([*([origin] if origin else []), *empty])}",
        _line("where", *chooses, f"output_type = {_list(kept)}"),
    ]
    source = "\n".join([*lines, ""])
    parse_contract(source, f"the contract of {target['target_id']}")
    return HubContract(name, source, left_out, _through(ids, target))


def _origin(ids: Tree) -> str | None:
    """The date of a round that has a name of its own: the one date that it has."""
    dates = (name for name in _ORIGINS if name in ids and len(values(ids[name])) == 1)
    return next(dates, None)


def _through(ids: Tree, target: Tree) -> str:
    """What a forecast knew ends before its least horizon; without one, with the round's date."""
    steps, unit = _steps(ids, target)
    if not steps or unit is None or min(steps) > 0:
        return "{date}"
    return f"{{date-{(1 - min(steps)) * unit}d}}"


def _steps(ids: Tree, target: Tree) -> tuple[list[int], int | None]:
    """The horizons, and the days of a step where it is of a fixed length."""
    steps = [step for step in values(ids.get("horizon") or {}) if isinstance(step, int)]
    return steps, _DAYS.get(str(target.get("time_unit") or "week"))


def _columns(ids: Tree, chosen_by: Tree, origin: str | None) -> Iterator[str]:
    """The key, its target last, and what else identifies a forecast: of horizon and target date
    one is enough.
    """
    dated = next((name for name in _TARGET_DATES if name in ids), None)
    target = dated or ("horizon" if "horizon" in ids else None)
    kinds = {
        name: _type(name, spec)
        for name, spec in ids.items()
        if name not in chosen_by and name != origin
    }
    attributes = [name for name in kinds if name == "horizon" and dated]
    others = [name for name in kinds if name not in (target, *attributes)]
    yield from ("", "[key]")
    for name in [*others, *([target] if target in kinds else [])]:
        is_target = name == target and kinds[name] != "string"
        more = ["target = true"] if is_target else []
        yield _line(name, f'type = "{kinds[name]}"', *more)
    yield from ("", "[columns]")
    for name in attributes:
        yield _line(name, 'role = "attribute"', f'type = "{kinds[name]}"')


def _estimates(output_types: Tree, target: Tree) -> Iterator[str]:
    """A column for each mean, median, quantile and category; a submission may leave out what the
    hub does not require, as long as something is left.
    """
    unit = target.get("target_units")
    kept = [kind for kind in _COLUMNS if kind in output_types]
    free = {kind for kind in kept if len(kept) > 1 and not is_required(output_types[kind])}
    for kind in ("mean", "median"):
        if kind in output_types:
            more = ["nullable = true"] if kind in free else []
            yield _line(kind, *_value(output_types[kind], unit), *more)
    if "quantile" in output_types:
        spec = output_types["quantile"]
        levels = sorted(float(level) for level in type_ids(spec))
        has_optional = type_id_spec(spec).get("optional")
        more = ["nullable = true"] if has_optional or "quantile" in free else []
        yield _line("q", f"quantiles = {json.dumps(levels)}", *_value(spec, unit), *more)
    if "pmf" in output_types:
        more = ["nullable = true"] if "pmf" in free else []
        for category in type_ids(output_types["pmf"]):
            label = f"label = {_text(category)}"
            # nobody may expect it yet: then all are 0
            fields = ('role = "probability"', label, "scale_floor = 0.01", *more)
            yield _line(f"p_{category}", *fields)


def _samples(output_types: Tree, target: Tree, ids: Tree, chosen: Sequence[str]) -> Iterator[str]:
    """The draws that a hub asks for. A draw goes along the parts of the key that are not in the
    hub's set of compound tasks; a horizon says what a target date says.

    chosen  task ids that are no parts of the key
    """
    spec = output_types.get("sample")
    if spec is None:
        return
    params: Tree = spec.get("output_type_id_params") or {}
    fields = ['role = "samples"']
    least, most = params.get("min_samples_per_task"), params.get("max_samples_per_task")
    if least is not None and least == most:
        fields.append(f"draws = {most}")
    elif most is not None:
        yield f"# the hub asks for {least} to {most} draws"
    compound = params.get("compound_taskid_set")
    times = {name for name in (*_TARGET_DATES, "horizon") if name in ids}
    dated = [name for name in _TARGET_DATES if name in ids]
    if compound is not None:
        apart = {*compound, *chosen} | (times if times & {*compound} else set[str]())
        parts = [name for name in ids if not (name == "horizon" and dated)]
        joint = [name for name in parts if name not in apart]
        fields += [f"joint = {_list(joint)}"] if joint else []
    fields += [] if is_required(spec) else ["nullable = true"]
    comment = "" if is_required(spec) else "  # the hub does not ask for them"
    yield _line("samples", *fields, *_value(spec, target.get("target_units"))) + comment


def _value(spec: Tree, unit: str | None) -> Iterator[str]:
    if unit:
        yield f"unit = {_text(unit)}"
    for field, bound in (("min", "minimum"), ("max", "maximum")):
        value = spec.get("value", {}).get(bound)
        if value is not None:
            yield f"{field} = {json.dumps(value)}"


def _line(name: str, *fields: str) -> str:
    """A column in a line of its own, so that a contract of 23 quantiles fits on a page."""
    return f"{toml_key(name)} = {{ {', '.join(fields)} }}" if fields else f"{toml_key(name)} = {{}}"


def _freshness(spec: Tree, of_round: Tree, origin: str | None, zone: str) -> Iterator[str]:
    """The least time between two rounds, and until when their submissions are due."""
    days = sorted({date.fromisoformat(str(value)) for value in values(spec)})
    gaps = [(after - before).days for before, after in pairwise(days)]
    if gaps:
        yield from ("", "[freshness]", f'cadence = "{min(gaps)}d"')
        yield from _due(days, of_round.get("submissions_due") or {}, origin, zone)


def _due(days: list[date], due: Tree, origin: str | None, zone: str) -> Iterator[str]:
    """The deadline of rounds that are weeks apart, and from when on submissions are taken; of other
    rounds nothing, which no calendar has.

    days  of all rounds, in order
    """
    start, end = due.get("start"), due.get("end")
    is_counted = isinstance(start, int) and isinstance(end, int) and due.get("relative_to")
    ends = [day + timedelta(days=end) for day in days] if is_counted and end is not None else []
    if due.get("relative_to") != origin or len({day.weekday() for day in ends}) != 1:
        return
    assert start is not None
    assert end is not None
    weekday = ends[0].weekday()
    all_weeks = range((ends[-1] - ends[0]).days // 7 + 1)
    pauses = [day for week in all_weeks if (day := ends[0] + timedelta(weeks=week)) not in ends]
    yield f"due = {_text(f'24:00 {zone}')}  # the hub's submissions_due"
    yield f"calendar = {_text(f'weekly-{OTHER_DAYS[weekday - 1]}' if weekday else 'weekly')}"
    if pauses:
        yield f"holidays = [{', '.join(_text(day) for day in pauses)}]  # weeks without a round"
    yield f'window = "{end - start + 1}d"  # before it'


def _profile(target: Tree) -> Iterator[str]:
    """Numbers move by nature, of steps ahead and of a season that rises; how far the probability of
    a category moves says little of whether it is right.
    """
    if target.get("target_type") in ("continuous", "discrete"):
        yield 'profile = "volatile"  # guessed; after five versions see `estimates gate suggest`'
    elif target.get("target_type") in ("nominal", "ordinal", "binary", "date", "compositional"):
        yield 'profile = "categories"  # guessed; after five versions see `estimates gate suggest`'


def _longest_gap(ids: Tree, target: Tree) -> Iterator[str]:
    """After as long no target of the last submission is left."""
    steps, unit = _steps(ids, target)
    if len(steps) > 1 and unit is not None:
        days = (max(steps) - min(steps)) * unit
        yield f'longest_gap = "{days}d"  # then no target is left to compare, and it starts anew'


def _stability(target: Tree) -> Iterator[str]:
    """A step ahead is forecast anew with each round; a peak that has passed may stand still."""
    if target.get("is_step_ahead"):
        yield "stability.frozen_after = 2  # estimates that stand still while the data go on"


def _type(name: str, spec: Tree) -> str:
    texts = values(spec)
    if texts and all(isinstance(value, int) for value in texts):
        return "integer"
    if name.endswith("date") or (texts and all(map(_is_date, texts))):
        return "date"
    return "string"


def _is_date(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value) is not None


def _text(value: object) -> str:
    return toml_text(str(value))


def _list(texts: Iterable[object]) -> str:
    return f"[{', '.join(map(_text, texts))}]"
