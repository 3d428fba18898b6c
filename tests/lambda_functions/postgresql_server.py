"""A real PostgreSQL over TLS, in place of Aurora's: Debian's, as no wheel on PyPI has a server that speaks TLS.

It is set up as Aurora is: TLS for every connection from outside, statements that change roles are logged
(`log_statement = ddl`), and a master user that is no superuser but may create roles and owns the database.
"""

import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pg8000.native

from tests.lambda_functions.servers import DATABASE, MASTER, free_port, missing, stop, wait_until_ready

SUPERUSER = "postgres"
WRONG_PASSWORD = "28P01"

_ACCESS = """
local   all all trust
hostssl all all 127.0.0.1/32 scram-sha-256
hostssl all all ::1/128 scram-sha-256
"""
_SETTINGS = ("ssl=on", "log_statement=ddl", "fsync=off", "synchronous_commit=off", "full_page_writes=off")

# What the master user of RDS has, as far as a rotation is concerned.
_SETUP = (
    f"CREATE ROLE {MASTER} LOGIN CREATEROLE PASSWORD '{{password}}'",
    f"CREATE DATABASE {DATABASE} OWNER {MASTER}",
)


@dataclass(frozen=True)
class PostgreSqlServer:
    """A running PostgreSQL: its port on loopback, its folder, its log, and the password of its master user."""

    port: int
    folder: Path
    log: list[str] = field(repr=False)
    master_password: str = field(repr=False)
    engine = "postgres"

    def execute(self, statement: str, database: str = DATABASE, user: str = SUPERUSER) -> list[list[Any]]:
        """Run `statement` as `user`, who is let in through the socket without a password."""
        unix_socket = str(self.folder / f".s.PGSQL.{self.port}")
        with pg8000.native.Connection(user, unix_sock=unix_socket, database=database, ssl_context=False) as connection:
            return list(connection.run(statement) or ())

    def reload(self) -> None:
        """Let the server read its settings again, and wait until it has."""
        [before] = self.execute("SELECT pg_conf_load_time()")
        self.execute("SELECT pg_reload_conf()")
        while self.execute("SELECT pg_conf_load_time()") == [before]:
            pass

    def has_user(self, username: str) -> bool:
        """Whether anybody has created `username`."""
        return bool(self.execute(f"SELECT 1 FROM pg_roles WHERE rolname = '{username}'"))

    def connect(self, username: str, password: str, tls: ssl.SSLContext | bool) -> "pg8000.native.Connection":
        """The application's own connection, opened without the code under test; False is for one without TLS."""
        prompt = socket.create_connection(("localhost", self.port))  # pg8000's own waits 40 ms for every login
        prompt.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return pg8000.native.Connection(
            username, sock=prompt, host="localhost", password=password, database=DATABASE, ssl_context=tls
        )

    def logs_in(self, username: str, password: str, tls: ssl.SSLContext) -> bool:
        """Whether the application could log in with these; raises when something else is wrong."""
        try:
            self.connect(username, password, tls).close()
        except pg8000.native.DatabaseError as error:
            if error.args[0]["C"] != WRONG_PASSWORD:
                raise
            return False
        return True

    def set_password(self, username: str, password: str) -> None:
        """What an operator may do behind the rotation's back."""
        self.execute(f"ALTER ROLE {username} PASSWORD '{password}'")

    def let_change_itself(self, username: str) -> None:
        """Nothing: PostgreSQL lets every user change its own password."""

    @contextmanager
    def refusing_passwords(self) -> Iterator[None]:
        """Transactions may only read, as on an instance that has just lost its place as the writer."""
        self.execute(f"ALTER DATABASE {DATABASE} SET default_transaction_read_only = on")
        try:
            yield
        finally:
            self.execute(f"ALTER DATABASE {DATABASE} RESET default_transaction_read_only", database="postgres")


def postgresql_program(name: str) -> str:
    """The path of a program of PostgreSQL's server; skips the test where it is missing, or fails it in CI."""
    # Debian keeps the programs of each version in a folder of their own, and few of them on PATH.
    debian = [str(folder) for folder in Path("/usr/lib/postgresql").glob("*/bin")]
    path = os.pathsep.join([*sorted(debian, reverse=True), os.environ.get("PATH", "")])
    return shutil.which(name, path=path) or missing(name, "postgresql")


@contextmanager
def postgresql(certificate: tuple[Path, Path]) -> Iterator[PostgreSqlServer]:
    """Start PostgreSQL with TLS by a certificate and its key, and stop it at the end.

    It refuses to run as root. So it gets a user, if root starts it, and a folder that this user can get into, which
    pytest's are not.
    """
    server, install = postgresql_program("postgres"), postgresql_program("initdb")
    root = os.getuid() == 0
    owner = pwd.getpwnam(SUPERUSER if root else pwd.getpwuid(os.getuid()).pw_name)
    run_as: dict[str, Any] = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if root else {}
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    try:
        for source, name in zip(certificate, ("server.crt", "server.key"), strict=True):
            (folder / name).write_bytes(source.read_bytes())
            (folder / name).chmod(0o600)
        for path in (folder, *folder.iterdir()):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        data = folder / "data"
        arguments = [install, f"--pgdata={data}", f"--username={SUPERUSER}", "--auth=trust", "--no-sync"]
        subprocess.run(arguments, check=True, capture_output=True, cwd=folder, **run_as)
        (data / "pg_hba.conf").write_text(_ACCESS)
        port = free_port()
        settings = [
            *_SETTINGS,
            f"port={port}",
            f"unix_socket_directories='{folder}'",
            f"ssl_cert_file='{folder / 'server.crt'}'",
            f"ssl_key_file='{folder / 'server.key'}'",
        ]
        # In the file, not on the command line, so that ALTER SYSTEM can change them.
        with (data / "postgresql.conf").open("a") as file:
            file.write("\n".join(settings) + "\n")
        process = subprocess.Popen(
            [server, "-D", str(data)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            **run_as,
        )
        try:
            log = wait_until_ready(process, "database system is ready to accept connections")
            running = PostgreSqlServer(port, folder, log, os.urandom(16).hex())
            for statement in _SETUP:
                running.execute(statement.format(password=running.master_password), database="postgres")
            running.execute("CREATE TABLE accounts (id SERIAL PRIMARY KEY)", user=MASTER)
            yield running
        finally:
            stop(process, signal.SIGINT)  # which ends open connections
    finally:
        shutil.rmtree(folder)
