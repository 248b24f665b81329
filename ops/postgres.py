"""PostgreSQL on this machine: the wheel's own server on 127.0.0.1, as an unprivileged user."""

import shutil
import signal
import subprocess
from pathlib import Path
from typing import Final

from ops.part import PartError
from ops.pgwheel import run_as, unprivileged_user
from ops.process import Launch, Process
from ops.secret import secret
from pipeline.settings import child_environment

DATABASES: Final = ("tocsin", "airflow")
# The wheel has no ICU; the builtin locale folds the case of any script without it.
INITDB: Final = (
    "--username=postgres",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)
OPTIONS: Final = {
    "listen_addresses": "127.0.0.1",
    # TCP only: a socket would need a folder of its own that the clients may enter.
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Postgres:
    """The embedded server; its data lie in `home`/postgres, its password in `home`/postgres.secret.

    The password is there from now on, so that addresses can be made before the first start.
    `binaries` is what `programs` returned.
    """

    name = "postgres"
    needs: tuple[str, ...] = ()
    start_timeout = 60.0

    def __init__(self, home: Path, port: int, binaries: Path) -> None:
        self._port = port
        self._binaries = binaries
        self._data = home / "postgres" / "data"
        self._user = unprivileged_user()
        self._complete = False
        self._secret = secret(home / "postgres.secret")
        options = [word for name, value in OPTIONS.items() for word in ("-c", f"{name}={value}")]
        command = (str(binaries / "postgres"), "-D", str(self._data), "-p", str(port), *options)
        # INT is the fast shutdown: it does not wait for clients to go.
        self._process = Process(Launch(self.name, command, {}, self._user, signal.SIGINT, 30), home)

    @property
    def alive(self) -> bool:
        return self._process.alive

    @property
    def pids(self) -> tuple[int, ...]:
        return self._process.pids

    def start(self) -> None:
        self._complete = False
        if not (self._data / "PG_VERSION").is_file():
            self._create_cluster()
        self._process.start()

    def ready(self) -> bool:
        if not self._process.alive or self._run("pg_isready", "-q").returncode != 0:
            return False
        if not self._complete:
            there = self._run("psql", "-Atc", "SELECT datname FROM pg_database", "postgres")
            for database in set(DATABASES) - set(there.stdout.split()):
                self.create_database(database)
            self._complete = True
        return True

    def stop(self) -> None:
        self._process.stop()

    def last_words(self) -> str:
        return self._process.last_words()

    def url(self, database: str) -> str:
        """libpq address of a database on this server."""
        return f"postgresql://postgres:{self._secret}@127.0.0.1:{self._port}/{database}"

    def create_database(self, name: str, template: str = "template1") -> None:
        """Create a database unless it exists. Raises PartError."""
        done = self._run("createdb", "--template", template, name)
        if done.returncode != 0 and "already exists" not in done.stderr:
            raise PartError(f"The database {name} cannot be created: {done.stderr.strip()[-300:]}")

    def drop_database(self, name: str) -> None:
        """Drop a database, its connections included. Raises PartError."""
        done = self._run("dropdb", "--force", "--if-exists", name)
        if done.returncode != 0:
            raise PartError(f"The database {name} cannot be dropped: {done.stderr.strip()[-300:]}")

    def _run(self, program: str, *words: str) -> subprocess.CompletedProcess[str]:
        where = ("-h", "127.0.0.1", "-p", str(self._port), "-U", "postgres")
        return subprocess.run(
            (str(self._binaries / program), *where, *words),
            capture_output=True,
            text=True,
            env=child_environment({"PGPASSWORD": self._secret}),
            check=False,
        )

    def _create_cluster(self) -> None:
        folder = self._data.parent
        folder.mkdir(parents=True, exist_ok=True)
        password = folder / "password"
        password.touch(mode=0o600)
        password.write_text(self._secret, encoding="ascii")
        if self._user is not None:
            for path in (folder, password):
                shutil.chown(path, self._user, self._user)
        # Renamed when complete: an interrupted first start leaves nothing that looks like data.
        fresh = folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        where = ("-D", str(fresh), "--pwfile", str(password))
        try:
            done = run_as(self._user, str(self._binaries / "initdb"), *INITDB, *where)
        finally:
            password.unlink()
        if done.returncode != 0:
            raise PartError(f"PostgreSQL cannot create its files: {done.stderr.strip()[-300:]}")
        fresh.rename(self._data)
