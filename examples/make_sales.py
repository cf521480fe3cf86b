"""Makes examples/sales.csv: units sold a day by shop and product, made up; a week's season, a slow
trend, and no row on some of the days without a sale. And examples/umsatz.csv, turnover as a
spreadsheet in German writes it.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

FIRST, DAYS = date(2026, 5, 4), 200
SHAPE = (0.8, 0.7, 0.9, 1.0, 1.4, 1.6, 0.4)  # from Monday to Sunday


def main() -> None:
    """Write both tables."""
    random.seed(20261119)
    rows = ["shop,product,day,units"]
    for shop, size in (("basel", 1.0), ("bern", 0.6), ("zug", 0.3)):
        for product, level in (("0007", 24.0), ("0012", 9.0)):
            for number in range(DAYS):
                day = FIRST + timedelta(days=number)
                mean = size * level * SHAPE[day.weekday()] * (1 + number / 1000)
                units = max(0, round(random.gauss(mean, 0.25 * mean)))
                if units or random.random() < 0.5:
                    rows.append(f"{shop},{product},{day},{units}")
    folder = Path(__file__).parent
    (folder / "sales.csv").write_text("\n".join(rows) + "\n")
    (folder / "umsatz.csv").write_bytes("\r\n".join([*turnover(), ""]).encode("utf-8-sig"))


def turnover() -> list[str]:
    """The lines of a table with semicolons, decimal commas and days such as 31.12.2026."""
    rows = ["Filiale;Artikel;Datum;Umsatz"]
    for shop, level in (("Zürich", 1200.0), ("Genève", 700.0)):
        for number in range(DAYS // 2):
            day = FIRST + timedelta(days=DAYS // 2 + number)
            mean = level * SHAPE[day.weekday()]
            text = f"{random.gauss(mean, 0.1 * mean):,.2f}".translate(str.maketrans(",.", ".,"))
            text = "NA" if random.random() < 0.02 else text
            rows.append(f"{shop};0007;{day:%d.%m.%Y};{text}")
    return rows


if __name__ == "__main__":
    main()
