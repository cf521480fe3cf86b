"""Facts, in files: objects in a folder or bucket, snapshots, listed keys, copies, caches of this
machine.

objects       named bytes in a folder or a bucket; the only place that knows obstore
snapshot      the immutable half: Parquet and manifest
data_files    the stored Parquet, verified and read in pieces
listed_keys   the listed keys of `file` domains
copies        second copies of what the catalog committed
report_cache  reports of this machine, computed once
file_lock     work that one process of a machine does at a time
"""
