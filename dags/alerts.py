"""# alerts

Judges what was scored and raises alerts: every minute, and at once when the consumer says that
something is new (asset `tocsin-scores`).

What is found is told by the DAG `deliver`, which this one wakes: a channel that does not answer
holds up nothing here.

Where an address outside is set (`TOCSIN_PING_URL`), it is asked for after each run that came to its
end, in a task of its own, which nothing waits for.

A run evaluates everything as of its `run_after`, which scheduled and triggered runs both have. It
may be run again, late, twice at once or out of order: that changes nothing it should not.
"""

from airflow.sdk import DAG, Asset, AssetOrTimeSchedule, CronTriggerTimetable, task
from pendulum import datetime, duration

from pipeline import settings
from pipeline.wake import OUTBOX, SCORES

with DAG(
    dag_id="alerts",
    doc_md=__doc__,
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("* * * * *", timezone="UTC"),
        assets=[Asset(name=SCORES, uri="tocsin://scores/")],
    ),
    start_date=datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    # A second run, woken while the first is at work, waits for the first one's lock; more would
    # only queue up.
    max_active_runs=2,
    dagrun_timeout=duration(minutes=10),
):

    @task(
        execution_timeout=duration(minutes=5),
        outlets=[Asset(name=OUTBOX, uri="tocsin://outbox/")],
    )
    def evaluate(dag_run=None) -> dict[str, int]:
        """One alerts run; how many alerts of which fate."""
        from pipeline.alerts.run import run
        from pipeline.store.connection import connect

        link = connect(settings.load().database_url, "alerts")
        try:
            summary = run(link, dag_run.run_after)
        finally:
            link.close()
        print(f"as of {summary.as_of}: {summary.changes} changed buckets, {dict(summary.reasons)}")
        return {what: len(alerts) for what, alerts in summary.events.items()}

    @task(execution_timeout=duration(minutes=1))
    def tell_outside() -> None:
        """Ask for the address that somebody outside misses when nobody asks any more."""
        from contextlib import closing
        from datetime import UTC
        from datetime import datetime as clock

        from pipeline.alerts.ping import ping
        from pipeline.store.connection import connect

        conf = settings.load()
        with closing(connect(conf.database_url, "alerts")) as link:
            ping(link, conf, clock.now(UTC))

    evaluated = evaluate()
    if settings.load().ping_url:
        evaluated >> tell_outside()
