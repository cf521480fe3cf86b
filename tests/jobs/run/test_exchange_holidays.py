"""The days without a session that a contract lists when it is defined."""

from __future__ import annotations

from datetime import date

from estimates.contract.contract_file import parse_contract
from estimates_jobs.run.exchange_holidays import closed_weekdays, with_holidays
from tests.builders import code_of, contract, source


def test_an_exchange_is_closed_on_its_holidays() -> None:
    """Zurich keeps the first of August and Christmas; weekends are not listed."""
    closed = closed_weekdays("XSWX", 2025, 2025)
    assert date(2025, 8, 1) in closed
    assert date(2025, 12, 25) in closed
    assert date(2025, 12, 27) not in closed
    assert all(day.weekday() < 5 for day in closed)
    assert code_of(lambda: closed_weekdays("XTAE", 2025, 2025)) == "bad_contract"


def test_a_contract_lists_them_once() -> None:
    """Only where versions are due on an exchange's days, and none are listed."""
    plain = contract()
    assert with_holidays(plain) is plain
    more = '[freshness]\ndue = "05:30 Europe/Zurich"\ncalendar = "XSWX"\n'
    made = with_holidays(parse_contract(source(more=more)))
    assert made.freshness.holidays
    assert with_holidays(made) is made
    unknown = parse_contract(source(more=more.replace("XSWX", "XXXX")))
    assert code_of(lambda: with_holidays(unknown)) == "unknown_calendar"
