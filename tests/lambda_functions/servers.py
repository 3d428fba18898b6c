"""Real servers for the tests: MariaDB over TLS with certificates of a throw-away authority, and moto's AWS.

MariaDB stands in for Aurora MySQL 8.0. The statements used are common to both. What differs: MariaDB knows no
dual passwords and no caching_sha2_password (Aurora MySQL 8.0 defaults to mysql_native_password, as MariaDB
does), its password policy is a plugin of its own, with MySQL's error number, and a user needs CREATE USER to
change its own password by ALTER USER, which MySQL allows everyone.
"""

import getpass
import importlib.util
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pymysql
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from moto.server import ThreadedMotoServer
from pymysql.constants import ER

START_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 20

DATABASE = "financial_db"
MASTER = "master"

# What the master user of RDS has, as far as a rotation is concerned.
_SETUP = (
    f"CREATE DATABASE {DATABASE}",
    f"CREATE TABLE {DATABASE}.accounts (id INT PRIMARY KEY)",
    "CREATE DATABASE financialxdb",  # what an underscore that is not escaped would let in
    f"CREATE USER {MASTER}@'%' IDENTIFIED BY '{{password}}'",
    f"GRANT CREATE USER, SELECT, INSERT, UPDATE, DELETE ON *.* TO {MASTER}@'%' WITH GRANT OPTION",
)


class Authority:
    """A certificate authority that lives as long as `folder`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name.from_rfc4514_string(f"CN={folder.name}")
        certificate = self._certificate(self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.bundle = folder / "ca.pem"
        self.bundle.write_bytes(_pem(certificate.sign(self._key, hashes.SHA256())))

    def issue(self, host: str) -> tuple[Path, Path]:
        """A certificate for `host` and its private key, as files."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        certificate = self._certificate(x509.Name.from_rfc4514_string("CN=server"), key)
        certificate_file, key_file = self._folder / f"{host}.pem", self._folder / f"{host}-key.pem"
        signed = certificate.add_extension(names, critical=False).sign(self._key, hashes.SHA256())
        certificate_file.write_bytes(_pem(signed))
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return certificate_file, key_file

    def _certificate(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .issuer_name(self._name)
            .subject_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
        )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


@dataclass(frozen=True)
class DatabaseServer:
    """A running MariaDB: its port on loopback, its socket, and the password of its master user."""

    port: int
    socket: Path
    master_password: str = field(repr=False)
    engine = "mysql"

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run `statement` as root, who is let in through the socket without a password."""
        with (
            pymysql.connect(unix_socket=str(self.socket), user="root", ssl_disabled=True) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
            return list(cursor.fetchall())

    def has_user(self, username: str) -> bool:
        """Whether anybody has created `username`."""
        return bool(self.execute(f"SELECT 1 FROM mysql.user WHERE user = '{username}'"))

    def logs_in(self, username: str, password: str, tls: ssl.SSLContext) -> bool:
        """Whether the application could log in with these; raises when something else is wrong."""
        try:
            pymysql.connect(
                host="localhost", port=self.port, user=username, password=password, database=DATABASE, ssl=tls
            ).close()
        except pymysql.OperationalError as error:
            if error.args[0] != ER.ACCESS_DENIED_ERROR:
                raise
            return False
        return True

    def set_password(self, username: str, password: str) -> None:
        """What an operator may do behind the rotation's back."""
        self.execute(f"ALTER USER {username}@'%' IDENTIFIED BY '{password}'")

    def let_change_itself(self, username: str) -> None:
        """Allow what MySQL allows every user and MariaDB does not: ALTER USER for itself."""
        self.execute(f"GRANT CREATE USER ON *.* TO {username}@'%'")

    @contextmanager
    def refusing_passwords(self) -> Iterator[None]:
        """No new password is long enough for the server."""
        self.execute("INSTALL SONAME 'simple_password_check'")
        try:
            self.execute("SET GLOBAL simple_password_check_minimal_length = 100")
            yield
        finally:
            self.execute("UNINSTALL SONAME 'simple_password_check'")


def mariadb_program(name: str) -> str:
    """The path of a program of MariaDB's server; skips the test where it is missing, or fails it in CI."""
    # /usr/sbin is where Debian puts the server, and not on everyone's PATH.
    program = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    return program or missing(name, "mariadb-server")


@contextmanager
def mariadb(folder: Path, certificate: tuple[Path, Path] | None) -> Iterator[DatabaseServer]:
    """Start MariaDB in `folder`, with TLS if given a certificate and its key, and stop it at the end."""
    server, install = mariadb_program("mariadbd"), mariadb_program("mariadb-install-db")
    folder.mkdir()
    common = ["--no-defaults", f"--datadir={folder / 'data'}", f"--user={getpass.getuser()}"]
    small = ["--innodb-log-file-size=4M", "--innodb-buffer-pool-size=8M", "--performance-schema=OFF"]
    small += ["--innodb-flush-log-at-trx-commit=0", "--skip-log-bin"]
    subprocess.run(
        [install, *common, *small, "--auth-root-authentication-method=normal", "--skip-test-db"],
        check=True,
        capture_output=True,
    )
    port = free_port()
    # The path of a Unix socket has at most 107 characters: pytest's folders may be longer, the data folder's
    # relative one is not.
    address = [f"--port={port}", "--bind-address=127.0.0.1", "--socket=s", "--skip-name-resolve"]
    tls = ["--skip-ssl"]
    if certificate:
        tls = [f"--ssl-cert={certificate[0]}", f"--ssl-key={certificate[1]}", "--require-secure-transport=ON"]
    process = subprocess.Popen(
        [server, *common, *small, *address, *tls],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        wait_until_ready(process, "ready for connections")
        password = os.urandom(16).hex()
        running = DatabaseServer(port, folder / "data" / "s", password)
        for statement in _SETUP:
            running.execute(statement.format(password=password))
        yield running
    finally:
        stop(process, signal.SIGTERM)


def wait_until_ready(process: "subprocess.Popen[str]", word: str) -> list[str]:
    """Wait until the server logs `word`; gives its log, which goes on growing, so that it never blocks the server."""
    lines: list[str] = []
    ready = threading.Event()

    def read() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            lines.append(line)
            if word in line:
                ready.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    if not ready.wait(START_TIMEOUT_SECONDS):
        pytest.fail("the database server did not start:\n" + "".join(lines))
    return lines


def stop(process: "subprocess.Popen[str]", how: signal.Signals) -> None:
    """End `process` in the way the server documents, or by force."""
    process.send_signal(how)
    try:
        process.wait(STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def missing(program: str, package: str) -> NoReturn:
    """Skip the test for want of a server, or fail it in CI."""
    message = f"{program} is missing: apt-get install --no-install-recommends {package}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@contextmanager
def aws() -> Iterator[str]:
    """Moto's server, which really keeps secrets and their versions; gives its URL."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def silent_listener() -> Iterator[int]:
    """The port of a server that accepts connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port: int = listener.getsockname()[1]
        yield port


def interpreter(version: str) -> str:
    """A Python of `version` (as in 3.12), or the one that runs the tests where there is none."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [shutil.which(f"python{version}"), *map(str, versions.glob(f"{version}.*/bin/python"))]
    for candidate in filter(None, candidates):
        check = [candidate, "-c", f"import sys; assert sys.version.startswith('{version}.')"]
        if subprocess.run(check, capture_output=True, check=False).returncode == 0:
            return candidate
    return sys.executable


def aws_sdk(folder: Path) -> Path:
    """A folder with boto3 and what it needs and nothing else, as Lambda's runtime has it."""
    folder.mkdir()
    for name in ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"):
        found = importlib.util.find_spec(name)
        assert found is not None
        assert found.origin is not None
        source = Path(found.origin)
        source = source.parent if source.name == "__init__.py" else source
        (folder / source.name).symlink_to(source)
    return folder
