"""What keeps the service going between requests.

follower        the view of the catalog that requests read, kept fresh
catalog_reads   the catalog read for requests that ask of a moment it may not know
storage_watch   whether the storage answers
targets         the versions that aliases point to: opened, retried, replaced by fallbacks
background      work that goes on while something else does
threads         where handlers run: on the event loop or in a thread
reports         reports for requests: cached, computed in time, or 202
turns           long answers one by one on the event loop
telemetry       OpenTelemetry, where it is asked for
service_log     lines of text or JSON; a line a request; ids of requests
interrupt       wakes the process that starts the workers
leading_rows    the first rows of long lists
recent_results  the last results of long computations
announcement    saying that the service listens, and what to look at
example_requests  pages and curl lines that work on a store
report_worker   the process that computes large reports
request_counts  requests of this worker, counted
usage_counts    who reads which sets, counted and written down by and by
worker_metrics  metrics of all workers of one server
"""
