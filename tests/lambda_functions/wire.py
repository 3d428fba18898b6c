"""The way to a database, on which things go wrong."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.lambda_functions.servers import free_port

# Past what either server says before TLS begins, and within its part of the TLS handshake.
BROKEN_FROM_BYTE = 300
CHUNK_BYTES = 65536


@dataclass
class Wire:
    """Carries connections from `port` to a server on loopback, as well as `state` lets it.

    up: as they are · down: nobody listens · silent: connected, and never an answer · garbled: the server's part of
    the TLS handshake arrives with other bytes.
    """

    port: int
    server_port: int
    state: str = "up"
    _listener: socket.socket | None = None
    _kept: list[socket.socket] = field(default_factory=list)

    def put(self, state: str) -> None:
        """Change the state for connections from now on."""
        self.state = state
        if self._listener:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._carrier.join()
            self._listener = None
        for client in self._kept:
            client.close()
        if state != "down":
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self._carrier = threading.Thread(target=self._serve, args=(self._listener,), daemon=True)
            self._carrier.start()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            if self.state == "silent":
                self._kept.append(client)
            else:
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self.server_port)) as server:
            back = threading.Thread(target=self._pump, args=(server, client, self.state == "garbled"), daemon=True)
            back.start()
            self._pump(client, server, garbled=False)
            back.join()

    def _pump(self, source: socket.socket, sink: socket.socket, garbled: bool) -> None:
        carried = 0
        with suppress(OSError):
            while chunk := source.recv(CHUNK_BYTES):
                if garbled:
                    chunk = bytes(
                        byte ^ 0xFF if carried + place >= BROKEN_FROM_BYTE else byte for place, byte in enumerate(chunk)
                    )
                carried += len(chunk)
                sink.sendall(chunk)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def wire_to(server_port: int) -> Iterator[Wire]:
    """A wire to `server_port`, taken down at the end."""
    wire = Wire(free_port(), server_port)
    wire.put("up")
    try:
        yield wire
    finally:
        wire.put("down")
