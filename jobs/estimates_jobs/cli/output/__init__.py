"""What commands print.

terminal       lines, tables and pairs for people, JSON and bytes for programs
page_text      pages that are laid out already, folded and in colour
columns        widths of columns, text folded between words
bytes_text     numbers of bytes
cells          values as cells of a table, bars beside them
frame_page     a table as a page of HTML
dated_page     how two versions stand, at the head of a page of both
file_writing   files that somebody names in an option
claimed_releases  how to ask by the times of release that versions claim
notices        errors, warnings and notes, on standard error
progress       what is being done, on standard error
alias_moves, batch_outcome, chain_text, change_table, event_text, fault_table, history_table,
run_outcome, set_status, status_text, verdict_files, waiver_table, hold_table, token_table
               one answer each, shown by several commands
"""
