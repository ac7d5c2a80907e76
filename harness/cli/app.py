"""The application: its commands, and how each ending becomes a message and an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, cast

import typer

from harness.cli.list import list_
from harness.cli.plot import plot
from harness.cli.profile import profile
from harness.cli.show import show
from harness.cli.table import table
from harness.errors import BadRequest, RunFailed

# Newer versions of typer carry their own click; its errors are reached through their public child.
_USAGE_ERROR = cast(type[Exception], typer.BadParameter.__mro__[2])

INTERRUPTED = 130  # 128 + SIGINT, as shells have it

app = typer.Typer(
    name="harness",
    help="Cost, speed and accuracy of segmentation networks, as numbers you can print.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # rich's help doubles the time of --help
    pretty_exceptions_enable=False,
)
app.command("list")(list_)
app.command("show")(show)
app.command("profile")(profile)
app.command("table")(table)
app.command("plot")(plot)


def _version(asked: bool) -> None:
    if asked:
        from harness import __version__

        typer.echo(f"harness {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Cost, speed and accuracy of segmentation networks, as numbers you can print.

    A variant is a row of the catalogue (harness list). One command measures it, another prints the
    paper's table from the records:

        harness profile --variant fassd-net

        harness table 1

    Exit status: 0 done, 1 a run or a check failed, 2 a bad request.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit; a user's mistake is one line on stderr, no traceback."""
    sys.exit(run(sys.argv[1:] if arguments is None else list(arguments)))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit status."""
    command = typer.main.get_command(app)
    try:
        status = command.main(args=arguments, prog_name="harness", standalone_mode=False)
        sys.stdout.flush()
    except BadRequest as error:
        return _fail(str(error), 2)
    except RunFailed as error:
        return _fail(str(error), 1)
    except typer.Abort:
        return _fail("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # The reader (`head`, say) has seen enough; keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except _USAGE_ERROR as error:
        message = error.format_message()  # type: ignore[attr-defined]
        return _fail(message, 2) if message else 2  # empty: the help has been printed
    if status == INTERRUPTED:  # what typer makes of Ctrl-C
        return _fail("interrupted", INTERRUPTED)
    return int(status or 0)


def _fail(message: str, status: int) -> int:
    typer.echo(f"harness: {' '.join(message.split())}", err=True)
    return status
