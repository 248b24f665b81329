"""The one reader of the environment: what an operator may set, typed and checked at start."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from pipeline import mailserver
from pipeline.errors import OperatorError
from pipeline.mailserver import MailServer

ROOT: Final = Path(__file__).resolve().parent.parent

# What the names of secrets begin with: tokens and addresses of channels.
_PREFIX: Final = "TOCSIN_SECRET_"

Device = Literal["auto", "cpu", "cuda", "stub"]


class SettingsError(OperatorError, ValueError):
    """A setting is wrong; the message says which, and what to set."""

    exit_code = 2


@dataclass(frozen=True)
class Settings:
    """What this process was told. Every field has a working default on one machine."""

    # Where the data and logs of embedded servers live.
    home: Path
    # What can be had again and may be shared: Kafka's jars, the base encoder, copied programs.
    cache: Path
    # TCP ports of the embedded parts, all on 127.0.0.1.
    kafka_port: int
    postgres_port: int
    airflow_port: int
    console_port: int
    # Where the embedded consumer serves its figures.
    metrics_port: int
    # host:port of an outside Kafka; None means the embedded one.
    outside_kafka: str | None
    # libpq address of an outside PostgreSQL; None means the embedded one.
    outside_database: str | None
    # Where torch computes. `stub` is the keyword classifier, for tests.
    device: Device
    # Folder with a trained adapter; the shipped one by default.
    model_dir: Path
    # Folders with source YAML files.
    source_dirs: tuple[Path, ...]
    # Issuer lists, CSV.
    issuer_files: tuple[Path, ...]
    # Exact origins (scheme://host:port) a crawler may fetch although their address is private.
    crawl_allow_origins: frozenset[str]
    # Base address of the Airflow API that wakes the alerts run; None switches waking off.
    airflow_url: str | None
    # User and password for that API; the embedded one needs none.
    airflow_auth: tuple[str, str] | None
    # The zone times are shown in; storage is always UTC.
    zone: ZoneInfo
    # Address of the console as the readers of messages reach it; None means the embedded one's.
    public_url: str | None
    # What is asked for after each alerts run, so that somebody outside misses it; None: nothing is.
    ping_url: str | None
    # Exact origins that messages may be posted to although their address is private or not https.
    notify_allow_origins: frozenset[str]
    # Address of the mail server and whose mail it is; empty: there is none.
    smtp_url: str
    smtp_from: str

    @property
    def kafka_bootstrap(self) -> str:
        """host:port the clients connect to."""
        return self.outside_kafka or f"127.0.0.1:{self.kafka_port}"

    @property
    def database_url(self) -> str:
        """libpq address the clients connect to. The embedded server's password lies in `home`."""
        if self.outside_database:
            return self.outside_database
        secret = quote(self.postgres_secret(), safe="")
        return f"postgresql://postgres:{secret}@127.0.0.1:{self.postgres_port}/tocsin"

    @property
    def airflow_database_url(self) -> str:
        """Where the embedded Airflow keeps its own tables: database `airflow`, same server."""
        return urlsplit(self.database_url)._replace(path="/airflow").geturl()

    @property
    def airflow_is_outside(self) -> bool:
        """Whether an Airflow that is not the embedded one runs the DAGs."""
        return self.airflow_url not in {None, f"http://127.0.0.1:{self.airflow_port}"}

    def postgres_secret(self) -> str:
        """Password of the embedded server, empty before its first start."""
        path = self.home / "postgres.secret"
        return path.read_text(encoding="ascii").strip() if path.is_file() else ""

    @property
    def console_url(self) -> str:
        """Address of the embedded console."""
        return f"http://127.0.0.1:{self.console_port}"

    @property
    def link_base(self) -> str:
        """What links in messages begin with, without a slash at its end."""
        return self.public_url or self.console_url

    @property
    def mail(self) -> MailServer | None:
        """The mail server that messages leave by."""
        return mailserver.parse(self.smtp_url, self.smtp_from) if self.smtp_url else None

    def environment(self) -> dict[str, str]:
        """These settings as variables, so that a child process loads the same."""
        user, password = self.airflow_auth or ("", "")
        return {
            "TOCSIN_HOME": str(self.home),
            "TOCSIN_CACHE": str(self.cache),
            "TOCSIN_KAFKA_PORT": str(self.kafka_port),
            "TOCSIN_POSTGRES_PORT": str(self.postgres_port),
            "TOCSIN_AIRFLOW_PORT": str(self.airflow_port),
            "TOCSIN_CONSOLE_PORT": str(self.console_port),
            "TOCSIN_METRICS_PORT": str(self.metrics_port),
            "TOCSIN_KAFKA_BOOTSTRAP": self.outside_kafka or "",
            "TOCSIN_DATABASE_URL": self.outside_database or "",
            "TOCSIN_DEVICE": self.device,
            "TOCSIN_MODEL_DIR": str(self.model_dir),
            "TOCSIN_SOURCES": os.pathsep.join(map(str, self.source_dirs)),
            "TOCSIN_ISSUERS": os.pathsep.join(map(str, self.issuer_files)),
            "TOCSIN_CRAWL_ALLOW_ORIGINS": " ".join(sorted(self.crawl_allow_origins)),
            "TOCSIN_AIRFLOW_URL": self.airflow_url or "off",
            "TOCSIN_AIRFLOW_USER": user,
            "TOCSIN_AIRFLOW_PASSWORD": password,
            "TOCSIN_ZONE": self.zone.key,
            "TOCSIN_PUBLIC_URL": self.public_url or "",
            "TOCSIN_PING_URL": self.ping_url or "",
            "TOCSIN_NOTIFY_ALLOW_ORIGINS": " ".join(sorted(self.notify_allow_origins)),
            "TOCSIN_SMTP_URL": self.smtp_url,
            "TOCSIN_SMTP_FROM": self.smtp_from,
        }


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises SettingsError with a sentence that says what to set."""
    env = os.environ if environ is None else environ
    airflow_port = _port(env, "TOCSIN_AIRFLOW_PORT", 18080)
    home = Path(env.get("TOCSIN_HOME") or default_home(env))
    return Settings(
        home=home,
        cache=Path(env.get("TOCSIN_CACHE") or home / "cache"),
        kafka_port=_port(env, "TOCSIN_KAFKA_PORT", 19092),
        postgres_port=_port(env, "TOCSIN_POSTGRES_PORT", 15432),
        airflow_port=airflow_port,
        console_port=_port(env, "TOCSIN_CONSOLE_PORT", 18000),
        metrics_port=_port(env, "TOCSIN_METRICS_PORT", 19108),
        outside_kafka=env.get("TOCSIN_KAFKA_BOOTSTRAP") or None,
        outside_database=_database(env),
        device=_device(env),
        model_dir=Path(env.get("TOCSIN_MODEL_DIR") or ROOT / "models" / "shipped"),
        source_dirs=_paths(env, "TOCSIN_SOURCES", ROOT / "crawlers" / "sources"),
        issuer_files=_paths(env, "TOCSIN_ISSUERS", ROOT / "pipeline" / "entities" / "issuers.csv"),
        crawl_allow_origins=_origins(env, "TOCSIN_CRAWL_ALLOW_ORIGINS"),
        airflow_url=_airflow_url(env, airflow_port),
        airflow_auth=_auth(env),
        zone=_zone(env),
        public_url=_address(env, "TOCSIN_PUBLIC_URL", "https://tocsin.example"),
        ping_url=_address(env, "TOCSIN_PING_URL", "https://hc-ping.example/1f3a"),
        notify_allow_origins=_origins(env, "TOCSIN_NOTIFY_ALLOW_ORIGINS"),
        **_mail(env),
    )


def secret(name: str, environ: Mapping[str, str] | None = None) -> str | None:
    """What the variable TOCSIN_SECRET_<name> holds, or the file TOCSIN_SECRET_<name>_FILE names.

    None where there is neither. Nothing without that prefix can be asked for. Raises SettingsError
    where the file cannot be read.
    """
    env = os.environ if environ is None else environ
    path = env.get(f"{_PREFIX}{name}_FILE")
    if path is None:
        return (env.get(f"{_PREFIX}{name}") or "").strip() or None
    try:
        return Path(path).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{_PREFIX}{name}_FILE names a file that cannot be read.") from error


def child_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """What a child process is given: this environment and `extra`.

    PYTHONDONTWRITEBYTECODE is left out: with it every Airflow start compiles everything again.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | dict(extra)


def without_telemetry() -> None:
    """Tell the libraries that would report home not to. To be called before they are imported."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"


def default_home(env: Mapping[str, str]) -> Path:
    """Root gets /var/lib, because the unprivileged database user cannot enter root's home."""
    if os.geteuid() == 0:
        return Path("/var/lib/tocsin")
    base = env.get("XDG_DATA_HOME") or str(Path(env.get("HOME", "/tmp")) / ".local" / "share")  # noqa: S108
    return Path(base) / "tocsin"


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise SettingsError(f"{name} is {text!r}; set it to a TCP port from 1 to 65535.")
    return int(text)


def _database(env: Mapping[str, str]) -> str | None:
    url = env.get("TOCSIN_DATABASE_URL") or None
    if url and urlsplit(url).scheme not in {"postgresql", "postgres"}:
        raise SettingsError(
            "TOCSIN_DATABASE_URL must look like postgresql://user:password@host:5432/database."
        )
    return url


def _device(env: Mapping[str, str]) -> Device:
    text = env.get("TOCSIN_DEVICE") or "auto"
    if text not in {"auto", "cpu", "cuda", "stub"}:
        raise SettingsError(f"TOCSIN_DEVICE is {text!r}; set it to auto, cpu or cuda.")
    return cast(Device, text)


def _paths(env: Mapping[str, str], name: str, default: Path) -> tuple[Path, ...]:
    text = env.get(name)
    if not text:
        return (default,)
    paths = tuple(Path(part) for part in text.split(os.pathsep) if part)
    for path in paths:
        if not path.exists():
            raise SettingsError(f"{name} names {path}, which does not exist.")
    return paths


def _origins(env: Mapping[str, str], name: str) -> frozenset[str]:
    origins = frozenset((env.get(name) or "").split())
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path:
            raise SettingsError(
                f"{name} has {origin!r}; "
                "set it to origins such as http://127.0.0.1:8101, separated by spaces."
            )
    return origins


def _airflow_url(env: Mapping[str, str], port: int) -> str | None:
    text = env.get("TOCSIN_AIRFLOW_URL")
    if text is None:
        return f"http://127.0.0.1:{port}"
    return None if text in {"", "off"} else text.rstrip("/")


def _address(env: Mapping[str, str], name: str, example: str) -> str | None:
    text = (env.get(name) or "").rstrip("/")
    if text and (urlsplit(text).scheme not in {"http", "https"} or not urlsplit(text).netloc):
        raise SettingsError(f"{name} is {text!r}; set it to an address such as {example}.")
    return text or None


def _mail(env: Mapping[str, str]) -> dict[str, str]:
    url, sender = env.get("TOCSIN_SMTP_URL") or "", env.get("TOCSIN_SMTP_FROM") or ""
    if url:
        try:
            mailserver.parse(url, sender)
        except ValueError as error:
            raise SettingsError(f"TOCSIN_SMTP_URL, TOCSIN_SMTP_FROM: {error}.") from None
    return {"smtp_url": url, "smtp_from": sender}


def _auth(env: Mapping[str, str]) -> tuple[str, str] | None:
    user, password = env.get("TOCSIN_AIRFLOW_USER"), env.get("TOCSIN_AIRFLOW_PASSWORD")
    if user and not password:
        raise SettingsError("TOCSIN_AIRFLOW_USER is set; set TOCSIN_AIRFLOW_PASSWORD too.")
    return (user, password) if user and password else None


def _zone(env: Mapping[str, str]) -> ZoneInfo:
    name = env.get("TOCSIN_ZONE") or "Asia/Hong_Kong"
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise SettingsError(
            f"TOCSIN_ZONE is {name!r}; set it to a zone such as Asia/Hong_Kong."
        ) from error
