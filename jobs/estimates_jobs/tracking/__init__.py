"""The record in MLflow: each run is one MLflow run in the experiment named after the set.

record         what MLflow is told of a run and of scores, and who writes it
run_metrics    which numbers of a report and of scores it is told
mlflow_structs that, as Structs
decision_tags  what it is told of rollbacks and approvals
sqlite_record  written straight into MLflow's SQLite file, as long as its tables are the known ones
version_page   the page of the version that a run made
lineage_events a server of OpenLineage, told what each run reads and writes
client_record  written by MLflow's own client: servers, other databases; the only importer of mlflow
"""
