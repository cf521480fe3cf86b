"""Tables from files.

table_files     a table in a contract's types, whatever it is read from
table_sources   where its bytes come from: file, folder, glob, bucket, URL
table_words     what lies in no plain file, by one word; stored_tables: what is asked of it
lake_tables     Delta and Iceberg
database_tables PostgreSQL, and what else SQLAlchemy has a driver for
spooled_frames  long answers, of which a part is in memory
csv_files       CSV as text; csv_layout: where its table begins, and what parts its cells
json_files      arrays of objects, and an object a line
typed_files     Parquet and Arrow, also of types that polars does not know
plain_text      numbers as people write them, where no contract says what a column is
time_forms      times as people write them, as DuckDB's forms
text_options    what a person says of the text
typed_tables    text in the types that it shows, for jobs
dated_tables    many tables of one set: dated files; long_tables: one table with dates in columns
family_tables   whose rows those of a table are, and what a hub says of its models
hubverse        the long form, pivoted; sample_tables  draws in columns or rows of their own
actual_values   what became of the estimates
contract_draft  a first contract for a table; domain_draft: its target and its domain;
gate_draft      its gate
"""
