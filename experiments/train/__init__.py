"""Train: one method with one seed becomes a run."""
