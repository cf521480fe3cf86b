"""A run: its job, what the job sees, and the way from a frame to a promoted version.

runner         compute, publish, judge, promote, track; resumed where it stopped
batch          a history: many tables, a version of each
job_function   the function that a contract names; git_commit: what its code is at
context        what a job may look at; inputs: its tables, cut at `data_through`;
references     values of variables that a contract names by `env:NAME`
masked_output  what a job prints, without those
input_sets     versions of other sets; pinned_input: which version of a source a run reads
calendars      the steps of time on which targets lie
exchange_holidays  days without a session, listed in a contract when it is defined
elapsed_keys   keys whose time has come when the data end
lookahead      proof that a job does not look ahead
recorded_run   the row, the log and the record of a run
run_moment     how far the data go that a run sees
run_log        what happened in a run, line by line
trial          a run without a store, for tests of jobs
"""
