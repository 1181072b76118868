"""What every command shares: start-up, failures, output, progress."""
