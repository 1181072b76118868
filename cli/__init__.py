"""The command line: parses what a person or cron types, calls the floors below, renders."""
