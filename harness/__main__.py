"""`python -m harness`, the same as the installed `harness` command."""

from harness.cli import main

main()
