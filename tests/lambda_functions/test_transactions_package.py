"""The zip of the transaction API, unpacked as Lambda does it, on a Python of its version with nothing beside it."""

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra import packages
from tests.lambda_functions.fixtures import environment, secrets_manager
from tests.lambda_functions.postgresql_server import PostgreSqlServer
from tests.lambda_functions.redis_server import RedisServer, tokens_around
from tests.lambda_functions.rotating_secret import NewSecret
from tests.lambda_functions.servers import Authority
from tests.lambda_functions.test_rotation_package import PYTHON, lambda_python, unpacked
from tests.lambda_functions.transaction_api import ORDER, event, make_api, order_event

__all__ = ["environment", "secrets_manager"]  # of moto's server: the function runs in a process of its own

RUN = f"""{PYTHON}
import json
from types import SimpleNamespace
from serve_transactions.handler import handler

context = SimpleNamespace(aws_request_id="id")
answers = [handler(event, context) for event in json.load(sys.stdin)]
foreign = [
    module.__file__
    for module in sys.modules.values()
    if getattr(module, "__file__", None) and not module.__file__.startswith((function, *library))
]
assert not foreign, foreign
json.dump(answers, sys.stderr)  # the log has the other way out
"""

AUTHORITIES = f"""{PYTHON}
import os
from serve_transactions.settings import Settings
settings = Settings.from_environment(os.environ)
print(settings.database_authorities.read_text(), settings.cache_authorities.read_text())
"""


@pytest.fixture(scope="module")
def function(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    return unpacked(packages.service_function(folder), folder / "function")


@pytest.fixture
def variables(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    new_secret: NewSecret,
    postgresql_database: PostgreSqlServer,
    cache_server: RedisServer,
    authority: Authority,
) -> dict[str, str]:
    """The function's environment, with a secret that has been rotated once."""
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    secret = new_secret(postgresql_database).rotated_once()
    return make_api(
        tmp_path, {**environment, "AWS_SESSION_TOKEN": "token"}, secret, cache_server, authority
    ).environment


def run(
    function: Path, variables: dict[str, str], code: str, events: list[dict[str, Any]]
) -> "subprocess.CompletedProcess[str]":
    result = subprocess.run(
        [lambda_python(), "-I", "-S", "-c", code, str(function)],
        input=json.dumps(events),
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result


def test_the_zip_serves_with_nothing_else_on_the_path(
    function: Path, variables: dict[str, str], cache_server: RedisServer
) -> None:
    sent = order_event("client", "package-test", json.dumps(ORDER))
    first = run(function, variables, RUN, [event("GET", "/health", {}, ""), sent, sent])
    health, created, again = json.loads(first.stderr)
    assert json.loads(health["body"]) == {"status": "ok", "database": "ok", "files": "ok", "cache": "ok"}
    assert [created["statusCode"], again["statusCode"]] == [201, 200]
    lines = [json.loads(line) for line in first.stdout.splitlines()]
    assert [(line["level"], line["status"], line["cache"]) for line in lines] == [
        ("INFO", 200, "ok"),
        ("INFO", 201, "ok"),
        ("INFO", 200, "ok"),
    ]
    cache_server.accept(tokens_around(datetime.now(UTC), variables))
    told = run(function, variables, RUN, [event("GET", created["headers"]["Location"], {"x-client-id": "client"}, "")])
    assert json.loads(told.stderr)[0]["body"] == created["body"]
    assert json.loads(told.stdout)["cache"] == "hit"


def test_the_zip_trusts_the_authorities_of_rds_and_amazon_only(function: Path, variables: dict[str, str]) -> None:
    del variables["CA_BUNDLE"], variables["CACHE_CA_BUNDLE"]
    variables["AWS_REGION"] = "us-west-2"
    printed = run(function, variables, AUTHORITIES, []).stdout
    assert printed.count("BEGIN CERTIFICATE") == 8
    assert printed.count("# Amazon RDS us-west-2 Root CA") == 3
    assert printed.count("# Amazon Root CA") == 4


def test_the_zip_refuses_servers_of_other_authorities(function: Path, variables: dict[str, str]) -> None:
    del variables["CA_BUNDLE"], variables["CACHE_CA_BUNDLE"]
    packaged = function / "certificates" / "us-west-2.pem"
    result = run(function, {**variables, "CA_BUNDLE": str(packaged)}, RUN, [event("GET", "/health", {}, "")])
    [health] = json.loads(result.stderr)
    assert json.loads(health["body"]) == {
        "status": "unavailable",
        "database": "unavailable",
        "files": "ok",
        "cache": "unavailable",
    }
    assert json.loads(result.stdout)["reason"] == "tls-refused"
