"""# digest

Sends each recipient that wants one its digest of the day, at its own hour in its own zone, and also
when all was quiet. The schedule is in the zone of the settings (`TOCSIN_ZONE`).

A run may be repeated, late or cut off: a digest is sent once, and one that is six hours late not at
all.
"""

from airflow.sdk import DAG, CronTriggerTimetable, task
from pendulum import datetime, duration

from pipeline import settings

with DAG(
    dag_id="digest",
    doc_md=__doc__,
    # Every zone's hours begin at a quarter of an hour.
    schedule=CronTriggerTimetable("*/15 * * * *", timezone=settings.load().zone.key),
    start_date=datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": duration(minutes=1)},
):

    @task(execution_timeout=duration(minutes=1))
    def plan(dag_run=None) -> int:
        """Have the digests written that are due; how many."""
        from contextlib import closing

        from pipeline.alerts.notify import plan_digests
        from pipeline.store.connection import connect

        with closing(connect(settings.load().database_url, "alerts")) as link:
            return plan_digests(link, dag_run.run_after)

    @task(execution_timeout=duration(minutes=5))
    def deliver() -> dict[str, int]:
        """Send what waits; how many messages came to what."""
        from datetime import timedelta

        from pipeline.alerts.deliver import send

        return dict(send(settings.load(), timedelta(minutes=2)))

    plan() >> deliver()
