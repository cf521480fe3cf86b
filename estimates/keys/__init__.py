"""Keys in three forms: as text in URLs and files, as bytes that sort like the rows do, as JSON.

key_form    key parts as text, the way the contract of a set reads them
key_length  the error of keys that have too few parts, or too many
search_key  keys as bytes that sort
search_keys many of them, searched for at once
key_digests rows of keys that are known by digests alone
"""
