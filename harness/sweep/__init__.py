"""Sweeps: every combination of options of a definition, measured once, through any crash."""
