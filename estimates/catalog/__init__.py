"""The catalog: the few things that change, in SQL.

schema    the tables, as `migrations/` makes them
engine    connections and transactions on SQLite and PostgreSQL
catalog   every write, each one transaction
view      one moment of it in memory, and what names mean in it
released  what names meant by claimed times of release
"""

from __future__ import annotations

from estimates.catalog.catalog import Catalog
from estimates.catalog.released import Clock
from estimates.catalog.view import LATEST, PRODUCTION, Ref, SetView, StandIn, View

__all__ = ["LATEST", "PRODUCTION", "Catalog", "Clock", "Ref", "SetView", "StandIn", "View"]
