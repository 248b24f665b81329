"""# crawl

Visits every source whose time has come, all of them in one process. How often a source is visited
is written in its own file; this only looks, every two minutes, which are due. What a run does not
reach in its time is due again in the next one.
"""

import shlex
import sys
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG
from pendulum import datetime, duration

# The command beside this interpreter, whatever the PATH of the worker is.
TOCSIN = shlex.quote(str(Path(sys.executable).with_name("tocsin")))

TIMEOUT = duration(minutes=10)
# The crawl breaks off by itself at half of it. What is in flight then has the other half, of which
# it needs a few minutes at worst: when Kafka went away in the middle.
LIMIT = TIMEOUT / 2

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
        bash_command=f"{TOCSIN} crawl --minutes {LIMIT.in_minutes()}",
        execution_timeout=TIMEOUT,
        do_xcom_push=False,
    )
