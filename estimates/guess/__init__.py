"""What an unknown table may be: roles of its columns, its key, a first contract."""
