"""# retention

Erases every night what has come to its end: bodies of articles whose rights ended, messages of dead
letters that nobody sent again, keys of near-duplicates out of use, reasons older than 30 days why
alerts were not raised or told. `tocsin prune` does the same.

A run may be repeated, late or cut off: the next one finds what is left.
"""

from airflow.sdk import DAG, task
from pendulum import datetime, duration

with DAG(
    dag_id="retention",
    doc_md=__doc__,
    schedule="30 2 * * *",
    start_date=datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": duration(minutes=10)},
):

    @task(execution_timeout=duration(hours=2))
    def prune(dag_run=None) -> dict[str, int]:
        """How much of what was erased."""
        from dataclasses import asdict

        from pipeline import settings
        from pipeline.store import retention
        from pipeline.store.connection import connect

        link = connect(settings.load().database_url, "retention")
        try:
            erased = retention.prune(link, dag_run.run_after, print)
        finally:
            link.close()
        return asdict(erased)

    prune()
