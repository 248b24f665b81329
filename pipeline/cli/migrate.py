"""`tocsin migrate`: bring the database to this program's schema."""

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(migrate)


def migrate() -> None:
    """Apply the migrations the database lacks. Can be done twice; `tocsin up` does it itself."""
    from pipeline.cli.errors import CommandError
    from pipeline.settings import load
    from sql.migrate import SchemaError
    from sql.migrate import migrate as apply

    try:
        applied = apply(load().database_url)
    except SchemaError as error:
        raise CommandError(str(error)) from error
    print(f"Applied: {', '.join(applied)}." if applied else "The schema is current.")
