"""Employment and unemployment forecasts, cap assessment and early warning."""
