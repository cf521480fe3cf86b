"""Tables from files.

table_files     CSV, Parquet and Arrow, in a contract's types; csv_files: CSV as text;
                typed_files: Parquet and Arrow, also of types that polars does not know
hubverse        the long form, pivoted
actual_values   what became of the estimates
contract_draft  a first contract for a table; domain_draft: its target and its domain
"""
