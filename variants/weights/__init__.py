"""Trained weights: checkpoints of public projects, read safely and mapped onto our networks."""
