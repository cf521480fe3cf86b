"""Tables from files: CSV, Parquet, Arrow, the hubverse long form, actual values."""
