"""# retrain

Every Sunday, if analysts labelled anything since the last time: freezes what is labelled, trains
a candidate on it, measures it and the champion on the same frozen sets, and registers it. It
becomes champion only if the gate passes; why it did not is in the log and in `model_event`.
"""

from airflow.sdk import DAG, task
from pendulum import datetime, duration

with DAG(
    dag_id="retrain",
    doc_md=__doc__,
    schedule="0 3 * * 0",
    start_date=datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 1,
        "retry_delay": duration(minutes=1),
        "execution_timeout": duration(hours=6),
    },
):

    @task.short_circuit
    def worthwhile() -> bool:
        """Whether there is anything new to learn; if not, the rest is skipped."""
        from pipeline import retraining, settings

        return retraining.worthwhile(settings.load())

    @task
    def freeze() -> str:
        """The folder of labelled lines that no longer change."""
        from pipeline import retraining, settings

        return retraining.freeze(settings.load())

    @task
    def train(snapshot: str) -> str:
        """The folder of the candidate."""
        from pipeline import retraining, settings

        return retraining.train(settings.load(), snapshot)

    @task
    def judge(candidate: str) -> list[str]:
        """What speaks against the candidate; nothing where it passes the gate."""
        from pipeline import retraining, settings

        return retraining.judge(settings.load(), candidate)

    @task
    def register(candidate: str, reasons: list[str]) -> str:
        """The candidate's id, registered, and champion if nothing speaks against it."""
        from pipeline import retraining, settings

        return retraining.register(settings.load(), candidate, reasons)

    frozen = freeze()
    worthwhile() >> frozen
    trained = train(frozen)
    register(trained, judge(trained))
