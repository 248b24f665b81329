"""The `tocsin` command: every module beside this one adds its commands through `register(app)`."""

import importlib
import pkgutil
import sys
from typing import Final

import typer

import pipeline.cli
from pipeline.cli.terminal import plain
from pipeline.errors import OperatorError

# Modules beside this one that other commands are made of.
_SHARED: Final = {"main", "classifier", "errors", "mixtures", "terminal"}


def build() -> typer.Typer:
    """The whole command tree."""
    app = typer.Typer(
        name="tocsin",
        help="Watches financial news in English and Chinese and rings when bad news surges.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    for module in sorted(pkgutil.iter_modules(pipeline.cli.__path__), key=lambda found: found.name):
        if module.name not in _SHARED:
            importlib.import_module(f"pipeline.cli.{module.name}").register(app)
    return app


def main() -> None:
    """Run a command; what a person can mend is one sentence, anything else keeps its traceback."""
    try:
        build()()
    except OperatorError as error:
        print(f"tocsin: {plain(str(error), lines=True)}", file=sys.stderr)
        raise SystemExit(error.exit_code) from error
