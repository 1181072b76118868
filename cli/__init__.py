"""What a person or cron types: parses, calls, renders."""
