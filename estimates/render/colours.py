"""The two colours of pictures and pages: every eye tells them apart, on white and on black."""

WITHIN = "#5b8fc7"  # blue: within what the contract calls material
BEYOND = "#e07b39"  # orange: beyond it
