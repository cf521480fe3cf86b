"""The catalog: the few things that change, in SQL.

schema    the tables, as `migrations/` makes them
engine    connections and transactions on SQLite and PostgreSQL
catalog   every write, each one transaction
ref       how a reader names a version
at        which version a reader means: a ref, and the moment at which it is read
view      one moment of it in memory, and what names mean in it
released  what names meant by claimed times of release
"""
