"""The file that answers by key: written, mapped into memory, searched.

read_file        one snapshot's rows as ready-made JSON, found by key
mapped_file      a file mapped into memory
read_file_cache  the read files of this machine
"""
