"""Servers that mean harm, or are out of order."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# Gets the path that was asked for, and the connection to answer on.
Answering = Callable[[str, socket.socket], None]

FEED = b'<rss version="2.0"><channel><title>x</title></channel></rss>'


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A whole answer, after which the connection closes."""
    head = "\r\n".join(
        [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    )
    return head.encode() + b"\r\n\r\n" + body


_NO_RULES = answer(b"", status="404 Not Found")


@contextmanager
def serving(
    answering: Answering, tls: ssl.SSLContext | None = None, robots: bytes = _NO_RULES
) -> Iterator[str]:
    """A server on this machine, its origin; it gives this answer when asked for robots.txt."""

    def asked(path: str, connection: socket.socket) -> None:
        if path == "/robots.txt":
            connection.sendall(robots)
        else:
            answering(path, connection)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_accept, args=(listening, asked, tls), daemon=True)
        thread.start()
        yield f"{'https' if tls else 'http'}://127.0.0.1:{listening.getsockname()[1]}"


def _accept(listening: socket.socket, answering: Answering, tls: ssl.SSLContext | None) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(connection, answering, tls), daemon=True).start()


def _serve(connection: socket.socket, answering: Answering, tls: ssl.SSLContext | None) -> None:
    try:
        with tls.wrap_socket(connection, server_side=True) if tls else connection as asked:
            path = asked.recv(65_536).split()[1].decode()
            answering(path, asked)
    except (OSError, IndexError):
        # The crawler hung up, which is what it should do.
        return


def endless_headers(_: str, asked: socket.socket) -> None:
    """Sends headers for a minute, if it is let."""
    asked.sendall(b"HTTP/1.1 200 OK\r\n")
    until = time.monotonic() + 60
    while time.monotonic() < until:
        asked.sendall(b"X-More: and more\r\n" * 1_000)


def certificate(folder: Path, *, days: int, address: str = "127.0.0.1") -> ssl.SSLContext:
    """A server's TLS with a certificate valid for so many days, its issuer in `folder`/ca.pem."""
    issuer, issuing = _signed("issuer", None, days=30, extension=x509.BasicConstraints(True, None))
    named = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
    own, key = _signed("site", (issuer, issuing), days=days, extension=named)
    (folder / "ca.pem").write_bytes(issuer.public_bytes(serialization.Encoding.PEM))
    (folder / "site.pem").write_bytes(
        own.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "site.pem")
    return context


def _signed(
    name: str,
    by: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None,
    *,
    days: int,
    extension: x509.ExtensionType,
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by[0].subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(extension, critical=by is None)
        .sign(by[1] if by else key, hashes.SHA256())
    )
    return made, key
