"""Searches: variants that one of Optuna's samplers proposes, in place of every combination."""
