"""# risk

Scores every issuer from 0 to 100 every ten minutes: the hour that lasts, and those of the day
before anew, for articles that came late. What a score is made of is in docs/how-to/risk-score.md.

A run scores as of its `run_after`. It may be repeated, late or out of order; one that was missed is
made up for by the next.
"""

from airflow.sdk import DAG, task
from pendulum import datetime, duration

with DAG(
    dag_id="risk",
    doc_md=__doc__,
    schedule="*/10 * * * *",
    start_date=datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=duration(minutes=10),
):

    @task(execution_timeout=duration(minutes=5))
    def score(dag_run=None) -> dict[str, int]:
        """How many issuers have a score, and how many hours were scored."""
        from contextlib import closing
        from datetime import UTC
        from datetime import datetime as clock

        from pipeline import settings
        from pipeline.alerts.risk_run import score_issuers
        from pipeline.store.connection import connect

        with closing(connect(settings.load().database_url, "alerts")) as link:
            summary = score_issuers(link, dag_run.run_after, clock.now(UTC))
        return {"issuers": summary.issuers, "hours": summary.hours, "scores": summary.scores}

    score()
