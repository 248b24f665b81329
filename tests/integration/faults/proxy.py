"""A wire between a client and a server that tests can cut."""

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

# open: bytes pass both ways. deaf: what the client says arrives, the answer does not.
# shut: connections are cut, and new ones are cut at once.
Mode = Literal["open", "deaf", "shut"]


class Proxy:
    """Listens on a port of its own and passes bytes on, as far as its mode allows."""

    def __init__(self, server_port: int, port: int = 0) -> None:
        self._server = ("127.0.0.1", server_port)
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self._mode: Mode = "open"
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()

    def to(self, mode: Mode) -> None:
        """Change what passes from now on; connections that are there do not outlive `shut`."""
        with self._lock:
            self._mode = mode
            if mode == "shut":
                for pair in self._pairs:
                    _cut(*pair)

    def accept(self) -> None:
        """Take connections until the listener is closed."""
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def close(self) -> None:
        """Cut everything and listen no more."""
        self.to("shut")
        # Closing alone would not wake the thread that waits in accept.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._server)
        except OSError:
            client.close()
            return
        pair = (client, server)
        with self._lock:
            self._pairs.add(pair)
            if self._mode == "shut":
                _cut(*pair)
        try:
            self._pass(client, server)
        except OSError:
            pass
        finally:
            with self._lock:
                self._pairs.discard(pair)
            client.close()
            server.close()

    def _pass(self, client: socket.socket, server: socket.socket) -> None:
        with selectors.DefaultSelector() as ready:
            ready.register(client, selectors.EVENT_READ, server)
            ready.register(server, selectors.EVENT_READ, client)
            while True:
                for key, _ in ready.select():
                    source: socket.socket = key.fileobj  # type: ignore[assignment]
                    received = source.recv(65_536)
                    if not received:
                        return
                    if source is client or self._mode == "open":
                        key.data.sendall(received)


def _cut(*ends: socket.socket) -> None:
    for end in ends:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy(server_port: int, port: int = 0) -> Iterator[Proxy]:
    """A wire to a server's port, on `port` or any free one."""
    wire = Proxy(server_port, port)
    thread = threading.Thread(target=wire.accept, daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        wire.close()
        thread.join(5)
