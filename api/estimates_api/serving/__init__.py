"""What keeps the service going between requests.

follower        the view of the catalog that requests read, kept fresh
targets         the versions that aliases point to: opened, retried, replaced by fallbacks
threads         where handlers run: on the event loop or in a thread
reports         reports for requests: cached, computed in time, or 202
recent_results  the last results of long computations
report_worker   the process that computes large reports
request_counts  requests of this worker, counted
worker_metrics  metrics of all workers of one server
"""
