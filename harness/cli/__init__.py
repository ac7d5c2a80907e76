"""The command line: `main` is what the installed `harness` command runs."""

from harness.cli.app import main

__all__ = ["main"]
