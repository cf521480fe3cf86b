"""The CRC-32 of what read files hold: by zlib-ng where it is there, which takes a tenth of the time
of zlib, and gives the same numbers.
"""

try:
    from zlib_ng.zlib_ng import crc32
except ImportError:  # the extra `api` has it: services check each row that they answer with
    from zlib import crc32

__all__ = ["crc32"]
