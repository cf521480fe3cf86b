"""Jobs that come with the program: `forecast` and `load`.

forecast         forecasts of series; with forecast_plan, forecast_series and forecast_steps
drift            the one model that needs no library
load             a table that was computed elsewhere
"""
