"""The month in progress, measured on weekly claims."""
