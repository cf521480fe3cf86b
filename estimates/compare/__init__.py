"""Two versions, two sets, two tables side by side; changes, series and vintages."""
