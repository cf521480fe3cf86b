"""Facts, in files: objects in a folder or bucket, snapshots, listed keys, copies of the log,
caches of this machine.

objects         named bytes in a folder or a bucket; the only place that knows obstore
durable_file    a file that is there as a whole or not at all, also after a power loss
whole_file      the same of what can be made again, which is not flushed
storage_errors  which of its failures another try may mend
snapshot        the immutable half: parts and manifest
parts           where a snapshot is cut, by its keys alone
shared_parts    which parts two snapshots share
manifests       manifests that were read and checked, in memory
manifest_blocks  manifests of versions that follow each other, in one file
data_files      the stored Parquet, verified and read in pieces
listed_keys     the listed keys of `file` domains
copying         files of one root, checked and copied to another
log_copies      copies of the log, from which a lost catalog is rebuilt
run_logs        where the log of a run lies
trash           what is kept for a week after it went
seal_file       up to which event this machine checked signatures
derived_folder  a bounded folder of files that can be made again
report_cache    reports of this machine, computed once
column_cache    columns of parts in order, sorted once
usage_days      who reads which sets: a day of a replica, sums of days
usage_record    its files in the cache of this machine
file_lock       work that one process of a machine does at a time
"""
