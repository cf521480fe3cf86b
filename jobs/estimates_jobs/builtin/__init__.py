"""Jobs that come with the program: `forecast` and `load`.

forecast         forecasts of series; with forecast_plan and forecast_series
load             a table that was computed elsewhere
"""
