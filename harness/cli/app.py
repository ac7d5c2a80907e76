"""The application: its commands, and how each ending becomes a message and an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, cast

import typer

from harness.errors import BadRequest, RunFailed

# Newer versions of typer carry their own click; its errors are reached through their public child.
_USAGE_ERROR = cast(type[Exception], typer.BadParameter.__mro__[2])

INTERRUPTED = 130  # 128 + SIGINT, as shells have it

# command -> module and function, or Typer of several commands; only what was asked for is imported
COMMANDS = {
    "list": ("harness.cli.list", "list_"),
    "show": ("harness.cli.show", "show"),
    "weights": ("harness.cli.weights", "weights"),
    "profile": ("harness.cli.profile", "profile"),
    "sweep": ("harness.cli.sweep", "sweep"),
    "table": ("harness.cli.table", "table"),
    "plot": ("harness.cli.plot", "plot"),
    "report": ("harness.cli.report", "report"),
    "device": ("harness.cli.device", "device"),
    "compare": ("harness.cli.compare", "compare"),
    "log": ("harness.cli.log", "log"),
    "results": ("harness.cli.results", "results"),
    "audit": ("harness.cli.audit", "audit"),
}


def _version(asked: bool) -> None:
    if asked:
        from harness import __version__

        typer.echo(f"harness {__version__}")
        raise typer.Exit


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


def application(arguments: Sequence[str]) -> typer.Typer:
    """Return the application with the command that `arguments` ask for, or with all of them.

    Help, a mistyped command and no command at all need every command; one that is named does not
    need the others, whose imports and options would cost as much as its own.
    """
    app = typer.Typer(
        name="harness",
        add_completion=False,
        rich_markup_mode=None,  # rich's help doubles the time of --help
        pretty_exceptions_enable=False,
    )
    app.callback()(_top)
    first = arguments[0] if arguments else ""
    for name in [first] if first in COMMANDS else COMMANDS:
        module, function = COMMANDS[name]
        command = getattr(import_module(module), function)
        if isinstance(command, typer.Typer):  # a command with commands of its own
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit; a user's mistake is one line on stderr, no traceback."""
    sys.exit(run(sys.argv[1:] if arguments is None else list(arguments)))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit status; without one, print the help."""
    arguments = arguments or ["--help"]
    command = typer.main.get_command(application(arguments))
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
        return _fail(message, 2)
    if status == INTERRUPTED:  # what typer makes of Ctrl-C
        return _fail("interrupted", INTERRUPTED)
    return int(status or 0)


def _fail(message: str, status: int) -> int:
    typer.echo(f"harness: {' '.join(message.split())}", err=True)
    return status
