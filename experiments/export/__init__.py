"""Export: the model for other programs."""
