"""What an unknown table may be.

column_types    types of columns, from their text or their stored type
guesses         roles of columns, from their names and values
key_candidates  which columns could be the key
table_contract  a contract for two tables that have none
column_pairs    a column that two programs stored, in one type
"""
