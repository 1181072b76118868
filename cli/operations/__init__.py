"""Care of an installation: monthly cycle, cron, doctor, backup, MLflow."""
