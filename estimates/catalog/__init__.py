"""The catalog: the few things that change, in SQL.

schema    the tables, as the migrations make them
engine    connections and transactions on SQLite and PostgreSQL
postgresql       connections that end when the server stays silent
read_only        connections to a SQLite file that may not be written
sqlite_file      connections follow a SQLite file that is replaced
database_errors  which failures of a database another try may mend
records   what the tables hold, as Structs; run_record: runs
rows      rows to Structs and back

catalog         every write, each one transaction that ends with an event, and every read; made of
version_writes  contracts and versions: define, publish, judge, track, expire
alias_moves     promote, roll back, remove
waiver_writes   waive and unwaive
hold_writes     legal holds, placed and released
retirement      sets that take no versions any more, and take them again
token_writes    tokens of readers, made and revoked
approval_writes approvals, asked for, given and declined
access_writes   the access record
erasure_writes  keys whose numbers go from every version of a set
stored_scores   scores of versions, grades of verdicts
run_rows        how far each run has come
sweep_claims    which snapshots' files are being deleted
event_log       the log that each of these appends to
event_kinds     what its events can be about
law             which events are lawful where the store has an access record
seal            up to which event a log is lawful, and what was looked at for it
guard           what a writer may append, and the signature that it carries
lawful_prefix   what counts of a set after an unlawful event: what was before it
event_chain     digests of records, and of each event over the one before
chain_upgrade   giving those to a catalog from before the chain
migrated_log    the log of a catalog whose migration is not committed yet
agreement       whether rows are what events made of them
audit           what is wrong with a catalog: the chain, and every row that follows from it
clock           whether a clock can be believed, and times after one was wrong
clock_repair    the event after which times are right again
rebuild         writing a log into an empty catalog
erased_keys     what stands for an erased key, and what is left of what named it
approval_requests  what waits, or waited, for approvals
approved_moves  moves that rest on too few of them
expiry          what is said of a version that gave up its files
preconditions   what has to be true still when a write commits

ref       how a reader names a version
at        which version a reader means: a ref, and the moment at which it is read
view      one moment of the catalog in memory, and what names mean in it
past_view an earlier moment, from a later view
set_view  one set at such a moment, and what follows from its events
release_clock  what names meant by claimed times of release
sets_read which sets are made of which
punctuality  which versions came in time, and whether the next one will
freshness how old production's data are, and when the next version is due
"""
