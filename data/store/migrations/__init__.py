"""Schema revisions of the observation store, applied in place by `data.store.migrate`."""
