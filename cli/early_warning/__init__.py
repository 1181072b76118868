"""Commands on warning lines and warnings: publish, check, issue, evaluate."""
