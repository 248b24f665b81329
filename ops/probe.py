"""Questions to ports on this machine. None of them goes through a proxy."""

import contextlib
import http.client
import socket
import struct


def http_status(port: int, path: str) -> int | None:
    """The status an HTTP server at 127.0.0.1 answers with; None if there is no answer in 2 s."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def listener_at(port: int) -> bool:
    """Whether something accepts connections at 127.0.0.1:port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def lists_a_broker(bootstrap: str) -> bool:
    """Whether a broker answers a Metadata request at `bootstrap` and counts itself in."""
    host, _, port = bootstrap.rpartition(":")
    # Length, api key 3 (Metadata), version 1, correlation id, no client id, no topics.
    request = struct.pack(">ihhihi", 14, 3, 1, 1, -1, 0)
    with contextlib.suppress(OSError, struct.error):
        with socket.create_connection((host, int(port)), timeout=1) as connection:
            connection.sendall(request)
            answer = b""
            while len(answer) < 12 and (part := connection.recv(64)):
                answer += part
        _, _, brokers = struct.unpack(">iii", answer[:12])
        return bool(brokers > 0)
    return False


def free_port() -> int:
    """A TCP port nobody listens on at 127.0.0.1."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
