"""What requests and answers look like.

parameters        the parameters of paths and queries: names, types, descriptions
query_text        how the text of a query is read; unknown names are refused
key_path          the key in a URL: path segments and leading key parts
routing           the path to route by; HEAD
negotiation       which media type an answer has
resolved_request  the version that a request resolves to, and the headers of its answers
representation    a finished answer: bytes, caching headers, 304
compression       gzip of large answers
listing           answers about a whole view; the link to the next page
tables            an answer as NDJSON, CSV, Arrow or Parquet
streaming         an answer sent chunk by chunk
ranges            the Range header
event_stream      server-sent events
problems          errors as application/problem+json
bodies            what the JSON answers look like
documented        how the OpenAPI document describes the answers of a route
estimate_schema   the JSON Schema of one estimate
metric_families   what Prometheus is told
"""
