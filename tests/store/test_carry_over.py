"""One broken shop does not cost the others theirs: groups that fail keep production's rows in a new
version.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from estimates.catalog.records import CarriedOver, InputDigest, Provenance
from estimates.client import Client
from estimates.contract.contract_file import parse_contract
from estimates.errors import ConflictError, EstimatesError, InvalidError
from estimates.store.publish import Publication, publish_and_promote
from estimates.store.store import Store
from tests.api.served import serving
from tests.builders import START

SET = "demand"
CONTRACT = """
name = "demand"
[key.shop]
type = "string"
[key.product]
type = "integer"
[columns.units]
min = 0
[columns.region]
role = "attribute"
type = "string"
[domain]
kind = "open"
[gate]
promote = "automatic"
"""
RULE = 'carry_over = {{ by = "{by}", at_most = {at_most} }}\n'
SHOPS, PRODUCTS = 100, 5


def rows(level: float = 1.0) -> pl.DataFrame:
    """Five products of a hundred shops in four regions."""
    return pl.DataFrame(
        {
            "shop": [f"{shop:03}" for shop in range(SHOPS) for _ in range(PRODUCTS)],
            "product": list(range(PRODUCTS)) * SHOPS,
            "units": [
                level * (20 + (shop * 31 + 7 * i) % 83 + i / 8 + shop / 512)
                for shop in range(SHOPS)
                for i in range(PRODUCTS)
            ],
            "region": [f"r{shop % 4}" for shop in range(SHOPS) for _ in range(PRODUCTS)],
        }
    )


def broken(*shops: str, by: float = 1000.0) -> pl.DataFrame:
    """The next week, some shops in another unit."""
    wrong = pl.when(pl.col("shop").is_in(shops)).then(by).otherwise(1.0)
    return rows(1.01).with_columns(pl.col("units") * wrong)


def arrive(store: Store, frame: pl.DataFrame, week: int) -> Publication:
    """Publish as a run does."""
    made = Provenance(
        START + timedelta(weeks=week), f"week-{week}", (InputDigest("rows", "r.csv", "0" * 64),)
    )
    return publish_and_promote(store, SET, frame, made, on_step=lambda step, version: None)


def opened(store: Store, rule: str = RULE.format(by="shop", at_most=0.02)) -> Store:
    """A set with one version in production."""
    text = CONTRACT + rule
    store.define(parse_contract(text), text)
    assert arrive(store, rows(), 0).not_promoted_because is None
    return store


@pytest.fixture
def store(local_store: Store) -> Store:
    """The same, where two of a hundred shops may be carried over."""
    return opened(local_store)


def units(store: Store, shop: str) -> float:
    """The first product of a shop in production."""
    return store[SET].get(shop, 0)["units"]


def test_one_broken_shop_keeps_its_old_rows(store: Store) -> None:
    """The refused version stays refused; a new one has the others' new rows and passes."""
    made = arrive(store, broken("007"), 1)
    assert (made.version.version, made.not_promoted_because, made.verdict.blocks) == (
        3,
        None,
        False,
    )
    assert made.version.provenance.carried_over == CarriedOver("shop", ("007",), PRODUCTS, 2, 1)
    assert store.verdict(SET, 2).blocks  # type: ignore[union-attr]
    old, new = rows(), rows(1.01)
    assert units(store, "007") == old.filter(shop="007")["units"][0]
    assert units(store, "008") == new.filter(shop="008")["units"][0]
    assert store.resolve(SET).version == 3


def test_every_answer_is_marked(store: Store) -> None:
    """One estimate says whether it is carried over; batches, pages and histories say which are."""
    arrive(store, broken("007"), 1)
    mark = {"by": "shop", "groups": ["007"], "since": 1}
    reader = store[SET]
    assert reader.get("007", 0).body["carried_over"] == {**mark, "this": True}
    assert reader.get("008", 0, fields=["units"]).body["carried_over"] == {**mark, "this": False}
    assert reader.get_many([("007", 0), ("008", 0)]).body["carried_over"] == mark
    assert reader.scan("007").body["carried_over"] == mark
    assert "carried_over" not in reader.get("007", 0, ref=1).body
    for shop, this in (("007", True), ("008", False)):
        history = reader.history(shop, 0)
        marks = [entry.get("carried_over") for entry in history.body["history"]]
        assert marks == [None, None, {**mark, "this": this}]
        assert history.frame(reader.contract)["carried_over"].to_list() == [False, False, this]


@pytest.mark.parametrize("by", ["shop", "region"])
def test_an_as_of_join_says_which_are_carried_over(local_store: Store, by: str) -> None:
    """In a column that is there where a version has such rows, whatever the groups are of; a
    service gives the same frame.
    """
    store = opened(local_store, RULE.format(by=by, at_most=0.3))
    shops = ["001"] if by == "shop" else [f"{shop:03}" for shop in range(1, SHOPS, 4)]
    arrive(store, broken(*shops), 1)
    now = store.view().present
    wanted = pl.DataFrame({"shop": ["001", "002", "zzz"], "product": [0, 0, 0], "at": [now] * 3})
    joined = store[SET].as_of_join(wanted, "at", fields=["units"])
    assert joined["carried_over"].to_list() == [True, False, False]
    with serving(Path(store.root)) as url, Client(url) as client:
        assert client[SET].as_of_join(wanted, "at", fields=["units"]).equals(joined)
    before = store.view().set(SET).events[-1].at - timedelta(days=1)
    old = store[SET].as_of_join(wanted.with_columns(pl.lit(before).alias("at")), "at")
    assert "carried_over" not in old.columns


def test_a_shop_that_is_gone_keeps_its_rows(store: Store) -> None:
    """What a version leaves out fails as well, where it is too much."""
    missing = rows(1.01).filter(~pl.col("shop").is_in(["011", "012", "013"]))
    assert arrive(store, missing, 1).not_promoted_because is not None  # 3 % is more than allowed
    store.carry_over(SET, 2, by="shop", reason="no sales were sent")
    assert units(store, "012") == rows().filter(shop="012")["units"][0]


def test_what_is_wrong_everywhere_is_not_carried_over(store: Store) -> None:
    """More than the contract allows: the version is refused, and says that nothing was done."""
    made = arrive(store, broken(*(f"{i:03}" for i in range(9))), 1)
    assert (made.version.version, made.verdict.blocks) == (2, True)
    assert "nothing is carried over" in (made.not_promoted_because or "")
    assert len(store[SET].versions()) == 2


def test_the_same_run_makes_it_once(store: Store) -> None:
    """A run that is resumed finds the version that it made."""
    arrive(store, broken("007"), 1)
    again = arrive(store, broken("007"), 1)
    assert len(store[SET].versions()) == 3
    assert (again.version.version, again.not_promoted_because) == (3, None)


def test_the_next_whole_version_has_no_mark(store: Store) -> None:
    """Once the shop is mended nothing is carried over."""
    arrive(store, broken("007"), 1)
    made = arrive(store, rows(1.02), 2)
    assert made.not_promoted_because is None
    assert made.version.provenance.carried_over is None
    assert "carried_over" not in store[SET].get("007", 0).body


def test_by_an_attribute(local_store: Store) -> None:
    """Groups may be values of an attribute, of as many keys as there are."""
    store = opened(local_store, RULE.format(by="region", at_most=0.3))
    wrong = pl.when(pl.col("region") == "r1").then(1000.0).otherwise(1.0)
    made = arrive(store, rows(1.01).with_columns(pl.col("units") * wrong), 1)
    carried = made.version.provenance.carried_over
    assert carried is not None
    assert (carried.by, carried.groups, carried.rows) == ("region", ("r1",), 125)


def test_a_key_that_changed_its_group_has_one_row(local_store: Store) -> None:
    """By plain rules: production's rows of the groups, and the others' new rows, but for keys that
    are kept already; a key that came into such a group has no row of its own there.
    """
    store = opened(local_store, "")
    moved = (
        pl.when(pl.col("shop") == "001")
        .then(pl.lit("r2"))  # leaves r1
        .when(pl.col("shop") == "002")
        .then(pl.lit("r1"))  # comes into it
        .otherwise(pl.col("region"))
    )
    new = rows(1.01).with_columns(region=moved)
    wrong = pl.when(pl.col("region") == "r1").then(1000.0).otherwise(1.0)
    new = new.with_columns(pl.col("units") * wrong)
    arrive(store, new, 1)
    made = store.carry_over(SET, 2, by="region", groups=["r1"], reason="the north is wrong")
    kept = {row[:2]: row for row in rows().iter_rows() if row[3] == "r1"}
    wanted = kept | {
        row[:2]: row for row in new.iter_rows() if row[3] != "r1" and row[:2] not in kept
    }
    frame = store[SET].frame(ref=made.version.version)
    assert sorted(frame.select("shop", "product", "units", "region").rows()) == sorted(
        wanted.values()
    )
    assert store[SET].get("001", 0, ref=made.version.version).body["carried_over"]["this"]


def test_by_hand_with_a_reason(local_store: Store) -> None:
    """A person names the groups, or takes those that fail; the reason stays with the version."""
    store = opened(local_store, "")
    refused = arrive(store, broken("007", "008", "009"), 1)
    assert refused.version.version == 2
    made = store.carry_over(SET, 2, by="shop", groups=["007", "008", "009"], reason="three scales")
    carried = made.version.provenance.carried_over
    assert carried is not None
    assert (carried.reason, carried.of, made.not_promoted_because) == ("three scales", 2, None)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"by": "shop", "groups": ["007"], "reason": " "}, "reason_needed"),
        ({"by": "units", "groups": ["007"], "reason": "r"}, "bad_group"),
        ({"by": "shop", "groups": ["x"], "reason": "r"}, "bad_group"),
        ({"by": "shop", "groups": [], "reason": "r"}, "bad_group"),
    ],
)
def test_what_cannot_be_carried_over(store: Store, options: dict[str, object], code: str) -> None:
    """Nothing is made, and the error says what is wrong."""
    arrive(store, broken(*(f"{i:03}" for i in range(9))), 1)
    with pytest.raises(InvalidError) as refused:
        store.carry_over(SET, 2, **options)  # type: ignore[arg-type]
    assert refused.value.code == code
    assert len(store[SET].versions()) == 2


def test_production_itself_has_nothing_to_carry(store: Store) -> None:
    """There is no other version whose rows could be kept."""
    with pytest.raises(ConflictError) as refused:
        store.carry_over(SET, 1, by="shop", groups=["007"], reason="r")
    assert refused.value.code == "nothing_to_carry"


@pytest.mark.parametrize("by", ["units", "nowhere"])
def test_a_contract_names_a_group_column(by: str) -> None:
    """A key column or an attribute."""
    with pytest.raises(EstimatesError) as refused:
        parse_contract(CONTRACT + RULE.format(by=by, at_most=0.02))
    assert refused.value.code == "bad_contract"
    assert "carry_over" in refused.value.message
