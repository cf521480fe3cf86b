"""Why estimates moved: a run again with old data and new parameters, and the split of the change.

why           which legs are run, and the answer
split         the change of a column as effects of data and parameters
why_headline  the answer in a sentence or two
"""
