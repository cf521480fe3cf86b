"""The contract: what every snapshot of an estimate set promises.

contract      `Contract` and its parts
contract_file a contract read from TOML, with errors that name the field
contract_text  a contract in a few lines
columns       key columns and estimate columns; roles  what columns of each role are
domain        which keys there are; shape  what makes versions comparable
about         what people want to know of a set: tags, docs, links, examples
promised_freshness  how often versions come, how old data get; due  deadlines in a zone
window        from when until when something is taken
gate_policy   limits of checks, and who moves production; kept_files  of which versions
family        one contract for many sets, and those of its members
sample_rules  what may be said of samples; sample_columns  draws, and quantiles made of them
quantile_columns  one table of a contract for many quantiles; own_rows  a set's rows of a
              table; load_rule  what the contract says of them
conform       makes a frame keep the contract: typed, sorted, keys unique, finite
text_values   what text stands for in a contract's types; time_values  times, dates and zones
number_text   numbers as people write them: decimal commas, thousands, percent, currencies
date_text     days as people write them: 31.12.2026, 12/31/2026
stored_values stored types in the few that a contract holds; arrow_tables  those of Arrow
duckdb_frames  frames into DuckDB and out of it
probability_sums  how far probabilities may add up to other than 1
field_errors  all that is wrong with a tree of values, and what is allowed
toml_lines    on which line of a file a field is
job_inputs    the job and its inputs
trusted_code  which modules and addresses of a contract count; code_revision  a digest of code
"""
