"""The `tocsin` command: every module beside this one adds its commands through `register(app)`."""

import importlib
import pkgutil
import sys
from importlib import metadata
from typing import Annotated, Final

import typer

import pipeline.cli
from pipeline.cli.terminal import plain
from pipeline.errors import OperatorError

# Modules beside this one that other commands are made of.
_SHARED: Final = {
    "main",
    "classifier",
    "database",
    "errors",
    "files",
    "kept",
    "lines",
    "mixtures",
    "terminal",
}


def _tell_version(asked: bool) -> None:
    if asked:
        print(f"tocsin {metadata.version('tocsin')}")
        raise typer.Exit


def build() -> typer.Typer:
    """The whole command tree."""
    app = typer.Typer(
        name="tocsin",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    app.callback()(_options)
    for module in sorted(pkgutil.iter_modules(pipeline.cli.__path__), key=lambda found: found.name):
        if module.name not in _SHARED:
            importlib.import_module(f"pipeline.cli.{module.name}").register(app)
    return app


def _options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_tell_version, help="Say which.")
    ] = False,
) -> None:
    """Watches financial news in English and Chinese and rings when bad news surges."""


def main() -> None:
    """Run a command; what a person can mend is one sentence, anything else keeps its traceback."""
    try:
        build()()
    except OperatorError as error:
        print(f"tocsin: {plain(str(error), lines=True)}", file=sys.stderr)
        raise SystemExit(error.exit_code) from error
