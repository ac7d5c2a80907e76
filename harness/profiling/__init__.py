"""Variants measured: where what is measured and how it is measured meet, for every command."""
