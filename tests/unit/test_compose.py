"""What docker-compose.yml, the Dockerfile and ops/docker promise, as far as no engine is needed."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distribution, packages_distributions
from pathlib import Path
from typing import Any

import grimp
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ops import kafka, postgres
from pipeline import settings
from pipeline.cli.main import build

ROOT = settings.ROOT
DOCKER = ROOT / "ops" / "docker"
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]
SETTINGS = frozenset(settings.load({}).environment())


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """What imports what, inside functions too."""
    packages = ("console", "crawlers", "models", "ops", "pipeline", "sql")
    return grimp.build_graph(
        *packages, include_external_packages=True, exclude_type_checking_imports=True
    )


each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)


@each_service
def test_ports_are_published_on_this_machine_only(service: dict[str, Any]) -> None:
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


@each_service
def test_every_service_builds_from_a_target_of_the_one_dockerfile(service: dict[str, Any]) -> None:
    assert service["build"]["context"] == "."
    assert "dockerfile" not in service["build"]
    assert service["build"]["target"] in _stages()


@each_service
def test_a_service_gets_only_settings_the_programs_know(service: dict[str, Any]) -> None:
    named = {name for name in service.get("environment", {}) if name.startswith("TOCSIN_")}
    assert named <= SETTINGS


@each_service
def test_no_service_runs_as_root_or_may_become_it(service: dict[str, Any]) -> None:
    assert _last_user(service["build"]["target"]) == "tocsin"
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True


@each_service
def test_every_tocsin_command_exists(service: dict[str, Any]) -> None:
    words = service.get("command", [])
    if words and words[0].endswith("/every"):
        words = words[2:]
    if words[:1] == ["tocsin"]:
        command = _tocsin_commands()[words[1]]
        command.make_parser(command.make_context("tocsin", words[2:], resilient_parsing=True))
        options = {option for param in command.params for option in param.opts}
        assert {word for word in words[2:] if word.startswith("-")} <= options


def test_every_airflow_command_exists() -> None:
    commands = [
        s["command"][1:] for s in SERVICES.values() if s.get("command", [""])[0] == "airflow"
    ]
    assert commands
    code = "import json, sys; from airflow.cli.cli_parser import get_parser\n"
    code += "for words in json.load(sys.stdin): get_parser().parse_args(words)"
    subprocess.run([sys.executable, "-c", code], input=json.dumps(commands), text=True, check=True)


def test_images_start_from_plain_debian_or_from_each_other() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert set(bases) - set(_stages()) == {"debian:bookworm-slim"}


def test_no_file_names_a_registry() -> None:
    files = [ROOT / "Dockerfile", ROOT / "docker-compose.yml", *DOCKER.rglob("*")]
    inside = {"127.0.0.1", "0.0.0.0", "airflow-api", "postgres", "kafka"}  # noqa: S104
    for path in filter(Path.is_file, files):
        text = re.sub(r"\$\{[^}]*\}", "", path.read_text(encoding="utf-8"))
        hosts = re.findall(r"://(?:[^/@]*@)?([\w.-]+)", text)
        assert set(hosts) <= inside, path
        assert not re.search(r"--(extra-)?index-url|[\w-]+\.(io|org|com)/", text), path


@each_service
def test_what_keeps_running_says_whether_it_is_well(service: dict[str, Any]) -> None:
    assert ("healthcheck" in service) == (service["restart"] == "unless-stopped")


def test_the_gpu_is_a_profile_of_its_own() -> None:
    service = SERVICES["consumer-gpu"]
    (device,) = service["deploy"]["resources"]["reservations"]["devices"]
    assert service["profiles"] == ["gpu"]
    assert device["capabilities"] == ["gpu"]
    assert service["environment"]["TOCSIN_DEVICE"] == "cuda"


def test_everything_the_compose_file_asks_for_is_made_or_is_a_setting() -> None:
    asked = set(re.findall(r"\$\{(\w+)", COMPOSE))
    lines = subprocess.run([DOCKER / "secrets"], capture_output=True, text=True, check=True).stdout
    made = dict(line.split("=") for line in lines.splitlines())
    assert asked - SETTINGS - {"UV_TORCH_BACKEND", "BUILD_SITE"} == set(made)
    assert all(re.fullmatch(r"[0-9a-f]{64}", secret) for secret in made.values())
    assert len(set(made.values())) == len(made)


def test_only_those_who_need_a_secret_get_it() -> None:
    def holders(secret: str) -> set[str]:
        return {name for name, service in SERVICES.items() if f"{{{secret}" in json.dumps(service)}

    assert holders("DATABASE_PASSWORD") == {"postgres", "migrate", "tools"}
    assert holders("DATABASE_CONSOLE_PASSWORD") == {"postgres", "console"}
    assert holders("AIRFLOW_ADMIN_PASSWORD") == {"airflow-api"}


def test_the_crawler_can_neither_reach_nor_open_the_database() -> None:
    crawler, database = SERVICES["crawler"], SERVICES["postgres"]
    assert not set(crawler["networks"]) & set(database["networks"])
    assert "PASSWORD" not in json.dumps(crawler)
    assert not {"torch", "psycopg2-binary", "apache-airflow"} & _installed_for("crawler")


def test_the_console_carries_neither_torch_nor_scrapy() -> None:
    assert not {"torch", "scrapy", "apache-airflow"} & _installed_for("console")


@pytest.mark.parametrize(
    ("image", "programs"),
    [
        ("console", ("console", "pipeline.cli.console", "pipeline.cli.main")),
        ("crawler", ("crawlers", "pipeline.cli.crawl", "pipeline.cli.main")),
    ],
)
def test_an_image_has_every_package_its_program_imports(
    image: str, programs: tuple[str, ...], graph: grimp.ImportGraph
) -> None:
    ours = {name for top in programs for name in {top, *graph.find_descendants(top)}}
    needed = ours.union(*(graph.find_upstream_modules(name) for name in ours))
    outside = {name for name in needed if graph.is_module_squashed(name)} - sys.stdlib_module_names
    owners = packages_distributions()
    there = _installed_for(image)
    lacking = {n for n in outside if not {canonicalize_name(owner) for owner in owners[n]} & there}
    assert outside
    assert not lacking


def test_kafka_is_set_up_as_the_embedded_one_but_for_addresses() -> None:
    here = _properties((DOCKER / "kafka" / "server.properties").read_text(encoding="utf-8"))
    embedded = _properties(kafka.PROPERTIES)
    embedded |= {
        name: str(kafka.MAX_BATCH_BYTES)
        for name in ("message.max.bytes", "replica.fetch.max.bytes")
    }
    different = {name for name in here | embedded if here.get(name) != embedded.get(name)}
    assert different == {
        "advertised.listeners",
        "controller.quorum.voters",
        "listeners",
        "log.dirs",
    }
    assert " ".join(kafka.JVM) in (DOCKER / "kafka" / "start").read_text(encoding="utf-8")


def test_postgres_is_set_up_as_the_embedded_one_but_for_addresses() -> None:
    start = (DOCKER / "postgres" / "start").read_text(encoding="utf-8")
    addresses = {"listen_addresses", "unix_socket_directories", "password_encryption"}
    assert all(word in start for word in postgres.INITDB)
    assert all(
        f"-c {name}={value}" in start
        for name, value in postgres.OPTIONS.items()
        if name not in addresses
    )


def test_airflow_lets_nobody_in_without_a_password(tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "TMPDIR": str(tmp_path),
        "AIRFLOW_ADMIN_PASSWORD": "one",
        "AIRFLOW_CONSUMER_PASSWORD": "two",
    }
    script = [DOCKER / "airflow", "env"]
    done = subprocess.run(script, capture_output=True, text=True, env=environment, check=True)
    told = dict(line.split("=", 1) for line in done.stdout.splitlines())
    users = Path(told["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
    assert told["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS"] == "False"
    assert json.loads(users.read_text(encoding="utf-8")) == {"admin": "one", "consumer": "two"}
    assert users.stat().st_mode & 0o077 == 0
    assert not {"AIRFLOW_ADMIN_PASSWORD", "AIRFLOW_CONSUMER_PASSWORD"} & set(told)


def test_what_is_repeated_ends_at_once_when_told_to() -> None:
    with subprocess.Popen([DOCKER / "every", "60", "echo", "crawled"], stdout=-1) as repeated:
        assert repeated.stdout is not None
        assert repeated.stdout.readline() == b"crawled\n"
        repeated.send_signal(signal.SIGTERM)
        assert repeated.wait(5) == 0


@pytest.mark.parametrize(("outcome", "signed"), [("true", True), ("false", False)])
def test_what_is_repeated_leaves_a_sign_of_the_last_turn_that_went_well(
    outcome: str, signed: bool, tmp_path: Path
) -> None:
    sign = tmp_path / "every"
    turn = f"stat -c %Y {sign}; touch -d @0 {sign}; {outcome}"
    script = [DOCKER / "every", "0.1", "sh", "-c", turn]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(script, env=environment, stdout=-1, stderr=-3) as repeated:
        assert repeated.stdout is not None
        first, second = (int(repeated.stdout.readline()) for _ in range(2))
        repeated.send_signal(signal.SIGTERM)
    assert first > 0
    assert (second > 0) == signed


def _stages() -> dict[str, str]:
    """The image or stage each stage starts from."""
    return {name: base for base, name in re.findall(r"^FROM (\S+) AS (\S+)", DOCKERFILE, re.M)}


def _last_user(stage: str) -> str | None:
    text = DOCKERFILE.split(f" AS {stage}\n", 1)[1].split("\nFROM ", 1)[0]
    users = re.findall(r"^USER (\S+)", text, re.MULTILINE)
    return users[-1] if users else None


def _tocsin_commands() -> dict[str, Any]:
    import typer.main

    group: Any = typer.main.get_command(build())
    return dict(group.commands)


def _properties(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line and line[0] != "#")


def _installed_for(image: str) -> frozenset[str]:
    """Every distribution an image gets: those of its list and, again and again, what they need."""
    lines = (DOCKER / f"{image}.in").read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(line) for line in lines if line and line[0] != "#"]
    found: set[str] = set()
    while wanted:
        requirement = wanted.pop()
        found.add(canonicalize_name(requirement.name))
        wanted += [
            need for need in _needs(requirement) if canonicalize_name(need.name) not in found
        ]
    return frozenset(found)


def _needs(requirement: Requirement) -> Iterator[Requirement]:
    for text in distribution(requirement.name).requires or ():
        need = Requirement(text)
        extras = [{"extra": extra} for extra in ("", *requirement.extras)]
        if need.marker is None or any(need.marker.evaluate(extra) for extra in extras):
            yield need
