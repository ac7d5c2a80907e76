"""How a network is measured and reported: ledger, timing, records, reports."""

__version__ = "0.1.0"
