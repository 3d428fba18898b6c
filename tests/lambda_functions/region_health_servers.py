"""An HTTPS server that can be told to misbehave."""

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DRIP_SECONDS = 0.05

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class HttpsServer(socketserver.ThreadingTCPServer):
    """Listens on loopback and answers every request as its first path segment says: see `_BEHAVIOURS`."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, certificate: tuple[Path, Path]) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(*certificate)
        self.requests: list[str] = []
        self.heads: list[str] = []
        self.over = threading.Event()
        self.behaviour = "healthy"
        """What the path `told` stands for, so that a test can change it behind a fixed URL."""

    @property
    def port(self) -> int:
        port: int = self.server_address[1]
        return port

    def url(self, path: str, host: str = "localhost") -> str:
        return f"https://{host}:{self.port}/{path}"


class _Connection(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        server = self.server
        assert isinstance(server, HttpsServer)
        with (
            contextlib.suppress(OSError),  # the other side may go away at any time
            server.tls.wrap_socket(self.request, server_side=True) as stream,
        ):
            head = _read_head(stream)
            path = head.split(" ")[1].lstrip("/")
            server.requests.append(path)
            server.heads.append(head)
            behaviour = server.behaviour if path == "told" else path
            _BEHAVIOURS[behaviour](server, stream)


def _read_head(stream: ssl.SSLSocket) -> str:
    head = b""
    while b"\r\n\r\n" not in head:
        part = stream.recv(4096)
        if not part:
            raise ConnectionResetError
        head += part
    return head.decode()


def _hang(server: HttpsServer, stream: ssl.SSLSocket) -> None:
    server.over.wait()


def _drip_head(server: HttpsServer, stream: ssl.SSLSocket) -> None:
    stream.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not server.over.wait(DRIP_SECONDS):
        stream.sendall(b"x")


def _endless(server: HttpsServer, stream: ssl.SSLSocket) -> None:
    stream.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while not server.over.is_set():
        stream.send(bytes(4096))


def _reset(server: HttpsServer, stream: ssl.SSLSocket) -> None:
    # Closing at once, with a linger of zero, is what sends a reset.
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    stream.close()


def _answers(*parts: bytes) -> Any:
    def answer(server: HttpsServer, stream: ssl.SSLSocket) -> None:
        for part in parts:
            stream.sendall(part)

    return answer


def _redirect(server: HttpsServer, stream: ssl.SSLSocket) -> None:
    target = server.url("redirected")
    stream.sendall(f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode())


_BEHAVIOURS = {
    "healthy": _answers(_OK),
    "redirected": _answers(_OK),
    "error": _answers(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"),
    "chunked": _answers(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
    "short-body": _answers(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b"only this"),
    "short-chunk": _answers(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nonly this"),
    "not-http": _answers(b"SSH-2.0-OpenSSH_9.9\r\n"),
    "closed": _answers(),
    "reset": _reset,
    "hang": _hang,
    "drip-head": _drip_head,
    "endless": _endless,
    "redirect": _redirect,
}


@contextmanager
def https_server(certificate: tuple[Path, Path]) -> Iterator[HttpsServer]:
    """A running server with `certificate` and its key; it lets go of all it holds at the end."""
    with HttpsServer(certificate) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()
