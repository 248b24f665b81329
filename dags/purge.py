"""# purge

Deletes every night what Airflow itself keeps of runs that are older than two weeks
(`ops/purge.py`): rows of its tables, but each DAG's latest run, and logs of tasks.

It needs the address of Airflow's own database, which tasks are not told: the embedded Airflow and
the one in containers have it as `AIRFLOW__TOCSIN__METADATA_URL`. Where it is not set nothing is
deleted, and the task is skipped.

A run may be repeated, late or cut off: the next one finds what is left.
"""

from airflow.sdk import DAG, task
from pendulum import datetime, duration

with DAG(
    dag_id="purge",
    doc_md=__doc__,
    schedule="50 2 * * *",
    start_date=datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": duration(minutes=10)},
):

    @task(execution_timeout=duration(hours=1))
    def delete(dag_run=None) -> int:
        """Delete rows and logs; how many files."""
        from pathlib import Path

        from airflow.configuration import conf
        from airflow.sdk.exceptions import AirflowSkipException

        from ops import purge

        url = conf.get("tocsin", "metadata_url", fallback=None)
        if not url:
            raise AirflowSkipException("AIRFLOW__TOCSIN__METADATA_URL is not set")
        before = dag_run.run_after - purge.KEPT
        purge.clean_tables(url, before)
        return purge.delete_logs(Path(conf.get("logging", "base_log_folder")), before)

    delete()
