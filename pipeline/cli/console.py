"""`tocsin console` serves the pages; `tocsin status` says whether the whole chain works."""

from typing import Annotated

import typer

from pipeline.cli.errors import CommandError
from pipeline.settings import load


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(console)
    app.command()(status)


def console(
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="TCP port; TOCSIN_CONSOLE_PORT by default."),
    ] = None,
    listen: Annotated[
        str,
        typer.Option(help="Address to listen on. Nobody signs in yet: keep it 127.0.0.1."),
    ] = "127.0.0.1",
) -> None:
    """Serve the console: alerts, trends and the state of the system."""
    import uvicorn

    from console.app import create_app
    from ops.probe import listener_at

    settings = load()
    port = port or settings.console_port
    if listener_at(port):
        raise CommandError(f"Port {port} is taken: end what listens, or name another --port.")
    # Live pages hold their connection open for good: do not wait for them when told to stop.
    uvicorn.run(
        create_app(settings),
        host=listen,
        port=port,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=1,
    )


def status() -> None:
    """Say link by link whether the chain is whole; exit 1 and name the first broken one if not."""
    from datetime import UTC, datetime

    import httpx
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from console.chain import Probes, broken, examine
    from console.database import Database
    from console.reader import Parts
    from console.roster import Roster
    from ops.probe import lists_a_broker
    from pipeline.messages import RAW_TOPIC
    from pipeline.topics import unread

    settings = load()

    def airflow() -> bool:
        try:
            url = f"{settings.airflow_url}/api/v2/version"
            return httpx.get(url, timeout=3, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    parts = Parts(settings, Database(settings), Roster(settings), lambda: datetime.now(UTC))
    kafka = settings.kafka_bootstrap
    probes = Probes(
        lambda: lists_a_broker(kafka), airflow, lambda read: unread(kafka, RAW_TOPIC, read)
    )
    links = examine(parts, probes)
    parts.database.close()
    words = {True: Text("ok"), False: Text("broken", style="bold"), None: Text("unknown")}
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for link in links:
        table.add_row(link.name, words[link.ok], Text(link.sentence))
    Console(soft_wrap=True).print(table)
    first = broken(links)
    if first is not None:
        raise CommandError(f"The chain is broken at {first.name}: {first.sentence}")
