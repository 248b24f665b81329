"""# deliver

Sends the messages that wait in the outbox: every minute, and at once when an alerts run or the DAG
`digest` may have put some there (asset `tocsin-outbox`).

A run may be repeated, late or cut off: what was sent is not sent again, and what was not is sent by
the next. It is a DAG of its own, so that a channel that does not answer delays no alert.
"""

from airflow.sdk import DAG, Asset, AssetOrTimeSchedule, CronTriggerTimetable, task
from pendulum import datetime, duration

from pipeline.wake import OUTBOX

with DAG(
    dag_id="deliver",
    doc_md=__doc__,
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("* * * * *", timezone="UTC"),
        assets=[Asset(name=OUTBOX, uri="tocsin://outbox/")],
    ),
    start_date=datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=duration(minutes=5),
):

    @task(execution_timeout=duration(minutes=3))
    def send() -> dict[str, int]:
        """Send what is due; how many messages came to what."""
        from datetime import timedelta

        from pipeline import settings
        from pipeline.alerts.delivery import deliver

        return dict(deliver.send(settings.load(), timedelta(minutes=1)))

    send()
