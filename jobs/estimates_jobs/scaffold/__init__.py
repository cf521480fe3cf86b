"""A set from observed series: `estimates new`.

new_set          everything in order: profile, back-test, files, first version
series_profile   what the series are: their calendar, gaps, zeros, season
observed_input   how the table is read, also one that people wrote
model_choice     a few models on the newest stretch of the series, and the one that is taken
set_files        the contract, the job, its test
schedule_files   what starts the job: cron, systemd, GitHub Actions, Kubernetes
"""
