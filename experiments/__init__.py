"""Work with side effects: MLflow runs and versions, feeds, bulletins, the monthly cycle."""
