"""# crawl

Visits every source whose time has come, all of them in one process. How often a source is visited
is written in its own file; this only looks, every two minutes, which are due.
"""

import shlex
import sys
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG
from pendulum import datetime, duration

# The command beside this interpreter, whatever the PATH of the worker is.
TOCSIN = shlex.quote(str(Path(sys.executable).with_name("tocsin")))

with DAG(
    dag_id="crawl",
    doc_md=__doc__,
    schedule="*/2 * * * *",
    start_date=datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=duration(minutes=15),
):
    # Scrapy's reactor starts once a process, so the crawl gets one of its own.
    BashOperator(
        task_id="crawl",
        bash_command=f"{TOCSIN} crawl",
        execution_timeout=duration(minutes=10),
        do_xcom_push=False,
    )
