"""The function of the transaction API as its load balancer sees it, and the instances that Lambda keeps of it."""

import io
import itertools
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pg8000.native import Connection
from serve_transactions import handler as serving
from serve_transactions.service import Service
from serve_transactions.settings import Settings

from tests.lambda_functions.postgresql_server import SUPERUSER, PostgreSqlServer
from tests.lambda_functions.redis_server import GROUP, USER, RedisServer, tokens_around
from tests.lambda_functions.rotating_secret import LambdaContext, RotatingSecret
from tests.lambda_functions.servers import DATABASE, Authority

CLIENT = "client-1"
ORDER = {
    "amount": "12.50",
    "currency": "USD",
    "merchant": "Baker & Sons",
    "payment_token": "tok_8f2b91c0",
    "reference": "INV-1",
}

_keys = itertools.count()


@dataclass(frozen=True)
class Reply:
    """What the client gets."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def document(self) -> Any:
        return json.loads(self.text)


def new_key() -> str:
    """An idempotency key that nobody has used."""
    return f"key-{next(_keys):08}"


def event(method: str, path: str, headers: Mapping[str, str], body: str, is_base64: bool = False) -> dict[str, Any]:
    """What a target group without multi-value headers hands over."""
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:::targetgroup/service/1"}},
        "httpMethod": method,
        "path": path,
        "queryStringParameters": {},
        "headers": {"host": "service.test", "x-amzn-trace-id": "Root=1-5bdb40ca-556d8b0c50dc66f0511bf520", **headers},
        "body": body,
        "isBase64Encoded": is_base64,
    }


def order_event(client: str, key: str, body: str, **changes: Any) -> dict[str, Any]:
    headers = {"x-client-id": client, "idempotency-key": key, "content-type": "application/json"}
    return {**event("POST", "/transactions", headers, body), **changes}


@dataclass
class Api:
    """The function in its environment; every thread is an instance of its own, kept until `restart`."""

    environment: dict[str, str]
    secret: RotatingSecret
    cache: RedisServer
    files: Path
    log: io.StringIO = field(default_factory=io.StringIO, repr=False)
    _instance: threading.local = field(default_factory=threading.local)

    def service(self) -> Service:
        """The instance of this thread, made when it is first asked for."""
        if not hasattr(self._instance, "service"):
            self._instance.service = Service.from_settings(Settings.from_environment(self.environment))
        service: Service = self._instance.service
        return service

    def restart(self) -> None:
        """Let the next request of this thread meet a new instance."""
        self._instance = threading.local()

    def send(self, sent: dict[str, Any]) -> Reply:
        """Hand an event to the function, as JSON has it, and take its answer apart."""
        answer = serving.handler(json.loads(json.dumps(sent)), LambdaContext())
        json.dumps(answer)
        assert answer["statusDescription"].startswith(f"{answer['statusCode']} ")
        return Reply(answer["statusCode"], answer["headers"], answer["body"])

    def order(self, key: str | None = None, client: str = CLIENT, body: str | None = None, **changes: str) -> Reply:
        """POST an order, changed in some members; `body` is sent as it is."""
        text = json.dumps({**ORDER, **changes}) if body is None else body
        return self.send(order_event(client, key or new_key(), text))

    def get(self, path: str, client: str = CLIENT) -> Reply:
        return self.send(event("GET", path, {"x-client-id": client}, ""))

    def health(self) -> Reply:
        return self.send(event("GET", "/health", {"user-agent": "ELB-HealthChecker/2.0"}, ""))

    def logged(self) -> list[dict[str, Any]]:
        """The lines of the log since this was last asked."""
        lines = [json.loads(line) for line in self.log.getvalue().splitlines()]
        self.log.seek(0)
        self.log.truncate()
        return lines

    @property
    def table(self) -> str:
        return f"{self.secret.username}_rights.transactions"

    def superuser(self) -> Connection:
        """A connection of its own to the database, past all rights."""
        server = self.secret.server
        assert isinstance(server, PostgreSqlServer)
        unix_socket = str(server.folder / f".s.PGSQL.{server.port}")
        return Connection(SUPERUSER, unix_sock=unix_socket, database=DATABASE, ssl_context=False)

    def rows(self) -> list[list[Any]]:
        """Everything in the database's table."""
        return list(self.secret.server.execute(f"SELECT * FROM {self.table}"))

    def receipt_file(self, id_: str) -> Path:
        return self.files / id_[:2] / f"{id_}.json"


def make_api(
    folder: Path, environment: dict[str, str], secret: RotatingSecret, cache: RedisServer, authority: Authority
) -> Api:
    """The function, wired to these, with a folder for the file system."""
    files = folder / "files"
    files.mkdir()
    variables = {
        **environment,
        "DATABASE_SECRET_ARN": secret.arn,
        "CACHE_HOST": "localhost",
        "CACHE_PORT": str(cache.port),
        "CACHE_NAME": GROUP,
        "CACHE_USER": USER,
        "CACHE_CA_BUNDLE": str(authority.bundle),
        "FILES_PATH": str(files),
    }
    cache.accept(tokens_around(datetime.now(UTC), variables))
    return Api(variables, secret, cache, files)
