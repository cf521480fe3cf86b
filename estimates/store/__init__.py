"""The store: each way is a page.

store         `Store`: what everyone calls
open_store    what an open store consists of, and what reads it
estimate_set  one set in a researcher's hand; set_scores, set_pictures: parts of it
scores_at     what was known when, against actual values
members       the sets of a family's members, made and revised with it
publish       the whole way of a frame: conform, write, commit, judge, promote
partial_update  a version out of another one and some changes
carry_over    a version out of a refused one and production's rows of some groups
judge         a version, or a file, before the gate
promote       an alias moves forward; rollback: it moves back; remove_alias: it is gone
repeats       the same move again is done once; reasons: why somebody does something
sampled_reads  before it moves, rows as readers will get them beside those of the Parquet files
waive         an exception of a check, made and taken back
define        a contract is registered
request_approval  what needs approvals is asked for, and not done
approve       somebody else says yes, and it is done; or no
retire        a set takes no versions any more, or does again
hold          a legal hold on a version or a set, placed and released
access        who may write what, set by a root key
issued_tokens secrets of those who read over HTTP, made and revoked
retention     which versions a contract's rules let go
scoring       versions against actual values; regrading: verdicts beside what became of them
key_scoring   single keys against actual values, and several sets in one table; nothing is stored
sql           DuckDB over the versions
verify        all that is stored beside what it should be; changes nothing
sweep         expire what the retention lets go, delete the files that nobody can see; deletions:
              those that were claimed for it, also where who claimed them died
erase         the numbers of some keys go from every version of a set
erased_rows   rows of such keys, which no version gets again
erased_files  files that hold their numbers still
identity      whether a catalog and a root belong together
backup        all that the log makes readable, copied to another root; restore: a store of it again
backup_head   up to where a backup is whole, and of which store it is
repair        files that are missing or damaged, from what proves them
log_repair    copies of the log among them, from a chain that proves them
recover       a lost catalog from the copies of its log
"""
