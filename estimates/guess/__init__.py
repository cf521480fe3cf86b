"""What an unknown table may be.

column_types         types of columns, from their text or their stored type
column_pairs         a column that two programs stored, in one type
guess                what one column is taken for; how often a rule has to hold
name_parts           words, numbers and levels in the names of columns
probability_columns  probabilities of classes among columns
levelled_columns     intervals and quantiles among columns
draws                draws of a distribution in columns or rows
guesses              roles of columns, from their names and values
target               which key column is the time that estimates are about; the data's present
key_candidates       which columns could be the key
table_checks         what two tables have to have
table_contract       a contract for two tables that have none
"""
