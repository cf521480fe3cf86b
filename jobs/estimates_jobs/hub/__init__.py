"""A forecast hub (https://docs.hubverse.io): its tasks as contracts, and its pull requests, looked
at before they are merged.

hub_folder       what a hub's configuration says: rounds, windows, zone, formats
hub_contracts    the contracts that its tasks ask for, one a target
changed_files    what a request changes in the hub's git repository
submission_path  what the path of a file says: model, round, kind
round_window     when a round is open
model_metadata   what a team says of a model, against the hub's schema
submission_rows  the rows of a submission, each with its task
row_checks       the rows of a submission against the tasks of its round
value_checks     its values: types, bounds, quantiles, probabilities, dates
required_rows    the rows that a round asks for and a submission leaves out
sample_checks    samples: how many, and of which tasks
store_verdicts   what the gate of a store says of a submission
request_check    all of it, for a whole request
request_report   what was seen; request_pages: as text and Markdown
"""
