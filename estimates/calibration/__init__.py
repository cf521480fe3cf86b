"""Is the gate's policy right for a set? Its limits against the set's own history; nothing here
changes anything.

backtest         what a policy would have said of every version there was
backtest_report  that answer; backtest_html: as a page with pictures
profile_choice   which profile fits
suggestion       limits from what the promoted versions did; usual_bands  bands of what is usual
proposal         what is proposed for a check and for a set
contract_edit    limits written into a contract's TOML
"""
