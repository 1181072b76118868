"""Commands that write, review, issue, correct and list bulletins."""
