"""# digest

Has the digest of the day sent to each recipient that wants one, at its own hour in its own zone,
and also when all was quiet; the DAG `deliver` sends it. The schedule is in the zone of the settings
(`TOCSIN_ZONE`).

A run may be repeated, late or cut off: a digest is sent once, and one that is six hours late not at
all.
"""

from airflow.sdk import DAG, Asset, CronTriggerTimetable, task
from pendulum import datetime, duration

from pipeline import settings
from pipeline.wake import OUTBOX

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

    @task(
        execution_timeout=duration(minutes=1),
        outlets=[Asset(name=OUTBOX, uri="tocsin://outbox/")],
    )
    def plan(dag_run=None) -> int:
        """Have the digests written that are due; how many."""
        from contextlib import closing

        from pipeline.alerts.delivery.notify import plan_digests
        from pipeline.store.connection import connect

        with closing(connect(settings.load().database_url, "alerts")) as link:
            return plan_digests(link, dag_run.run_after)

    plan()
