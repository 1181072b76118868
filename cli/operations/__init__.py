"""Commands that run an installation: cycle, cron, doctor, backup, MLflow."""
