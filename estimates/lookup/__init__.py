"""The file that answers by key: written, mapped into memory, searched.

read_file_layout   what is where in the file; its checked pieces
read_file_writing  one part's rows as ready-made JSON, written in key order
read_file          rows by key, by number, by the leading part of a key
group_search       bisection over the keys of a file
mapped_file        a file mapped into memory
read_file_cache    the read files of this machine
stored_reads       the read files that a publisher left in the store
parted_lookup      a version of several parts, read as if it were one file
version_lookups    what answers by key for each version
"""
