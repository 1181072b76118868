"""MLflow: record a run, register, promote, roll back."""
