"""What requests and answers look like.

parameters        the parameters of paths and queries: names, types, descriptions
event_parameters  those of the event log
url_text          keys in a path, names and texts of a query: read, or refused
request_path      the path to route by; HEAD for every GET
resolved_request  the version that a request resolves to, and the headers of its answers
representation    a finished answer: its media type, bytes, caching headers, 304, gzip
tables            an answer as NDJSON, CSV, Arrow or Parquet
streaming         an answer sent chunk by chunk
ranges            the Range header
event_stream      server-sent events
request_bodies    bodies of requests: received within bounds; batch_size  how many keys one has
problems          errors as application/problem+json
bodies            what the JSON answers look like; repeated_names  in the body of a request
health_bodies     what the service says of itself
standing_bodies   what they say of sets retired or stopped, of how an answer stands
route             how a route is declared, its answers in the OpenAPI document
version_summaries a version as lists name it
estimate_schema   the JSON Schema of one estimate
metric_families   what Prometheus is told
"""
