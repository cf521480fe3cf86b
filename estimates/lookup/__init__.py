"""The file that answers by key: written, mapped into memory, searched.

read_file_layout   what is where in the file; its checked pieces
read_file_writing  one part's rows as ready-made JSON, written in key order
read_file          rows by key, by number, by the leading part of a key
group_search       bisection over the keys of a file
checksum           the CRC-32 of what is in one
mapped_file        a file mapped into memory
remote_read_file   the same of a file in a bucket, of which only what is needed is fetched
read_file_cache    the read files of this machine
cache_bound        how much they may take
stored_reads       the read files that a publisher left in the store
stored_row         one row out of a Parquet file
snapshot_parts     what a snapshot consists of
part_files         the read file of a part: opened, fetched, made
parted_lookup      a version of several parts, read as if it were one file
version_lookups    what answers by key for each version
key_rows           one key in many versions
"""
