"""Apache Kafka on this machine: one KRaft node on 127.0.0.1."""

import base64
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import Final

from ops.part import PartError
from ops.probe import free_port, lists_a_broker
from ops.process import Launch, Process
from pipeline.settings import child_environment

LOGGING: Final = Path(__file__).parent / "kafka" / "log4j2.properties"
JVM: Final = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
# A message of 2 MiB, and room for the batch around it.
MAX_BATCH_BYTES: Final = 2 * 2**20 + 64 * 2**10

PROPERTIES: Final = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
num.partitions=12
message.max.bytes={max_batch_bytes}
replica.fetch.max.bytes={max_batch_bytes}
log.message.timestamp.type=LogAppendTime
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
# A consumer that died is missed after its own session time-out, however short it asked for.
group.min.session.timeout.ms=1000
# A killed broker comes back only after its old session has expired.
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=500
"""


class Kafka:
    """The embedded broker; its data and configuration lie in `home`/kafka."""

    name = "kafka"
    needs: tuple[str, ...] = ()
    start_timeout = 60.0

    def __init__(self, home: Path, port: int, libs: Path) -> None:
        self._folder = home / "kafka"
        self._port = port
        self._classpath = f"{libs}/*"
        self._process = Process(Launch(self.name, self._command("kafka.Kafka"), patience=30), home)

    @property
    def bootstrap(self) -> str:
        """host:port for clients."""
        return f"127.0.0.1:{self._port}"

    @property
    def alive(self) -> bool:
        return self._process.alive

    @property
    def pids(self) -> tuple[int, ...]:
        return self._process.pids

    def start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        text = PROPERTIES.format(
            port=self._port,
            controller_port=free_port(),
            data=self._folder / "data",
            max_batch_bytes=MAX_BATCH_BYTES,
        )
        self._config.write_text(text, encoding="utf-8")
        if not (self._folder / "data" / "meta.properties").is_file():
            self._format()
        self._process.start()

    def ready(self) -> bool:
        return self._process.alive and lists_a_broker(self.bootstrap)

    def stop(self) -> None:
        self._process.stop()

    def last_words(self) -> str:
        return self._process.last_words()

    @property
    def _config(self) -> Path:
        return self._folder / "server.properties"

    def _command(self, *words: str) -> tuple[str, ...]:
        java = shutil.which("java") or "java"
        logging = f"-Dlog4j2.configurationFile={LOGGING}"
        return (java, *JVM, logging, "-cp", self._classpath, *words, str(self._config))

    def _format(self) -> None:
        # Never an id that begins with a dash: the tool would take it for an option.
        cluster = "T" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")[1:]
        done = subprocess.run(
            self._command("kafka.tools.StorageTool", "format", "-t", cluster, "-c"),
            capture_output=True,
            text=True,
            env=child_environment({}),
            check=False,
        )
        if done.returncode != 0:
            raise PartError(f"Kafka's storage cannot be formatted: {done.stderr.strip()[-300:]}")
