"""Inputs on S3-compatible storage are judged as if they lay in a folder, and nothing of the service's words is told."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.policies.fleet.conftest import IMDS, PASSES, UNKNOWN, Estate, needed

KEY_ID = "AKIA" + "NOBODYSKEY000000"
SECRET = "nobodys" + "-secret"


@dataclass
class Bucket:
    """A bucket with what an estate has in its folder, and the estate to run the command in."""

    estate: Estate
    client: Any

    def put(self, key: str, content: bytes) -> None:
        self.client.put_object(Bucket="estates", Key=key, Body=content)

    def upload(self) -> None:
        for path in sorted((self.estate.folder / "estate").rglob("*")):
            if path.is_file():
                self.put(path.relative_to(self.estate.folder).as_posix(), path.read_bytes())


def environment(endpoint: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """The address of a service like S3 on this machine."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(estate: Estate, service: str) -> Bucket:
    needed("obstore")
    client = boto3.client(
        "s3",
        endpoint_url=service,
        region_name="us-east-1",
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
    )
    client.create_bucket(Bucket="estates")
    for one in client.list_objects_v2(Bucket="estates").get("Contents", []):
        client.delete_object(Bucket="estates", Key=one["Key"])
    estate.environment.update(environment(service))
    made = Bucket(estate, client)
    made.upload()
    return made


def located(out: str) -> str:
    """The result of a local run as it is of one over the bucket."""
    return out.replace('"path": "estate', '"path": "s3://estates/estate')


@pytest.mark.parametrize("pattern", ["estate/*", "estate/*/cdk.tf.json", "**/cdk.tf.json"])
def test_bucket_is_judged_as_a_folder_is(bucket: Bucket, engine: tuple[str, ...], pattern: str) -> None:
    estate = bucket.estate
    made = {"metadata": {"path": "s1/web"}}
    estate.add("s1", {"resource": {"aws_launch_template": {"web": {"//": made}}}})
    (estate.folder / "estate" / "s1" / "sources.json").write_text('{"s1/web": {"file": "infra/x.py", "line": 3}}')
    estate.add("s2", {**UNKNOWN, "variable": {"tokens": {"default": "required"}}})
    (estate.folder / "estate" / "s2" / "terraform.tfvars").write_text("")
    bucket.upload()
    remote, local = estate.fleet(f"s3://estates/{pattern}", *engine), estate.fleet(pattern)
    assert len(local.json["inputs"]) == 7
    assert "infra/x.py" in local.out
    assert local.json["summary"]["undetermined"]
    assert remote.out == located(local.out)
    assert remote.code == local.code == 1


def test_synthesized_folder_on_storage_stands_for_its_stacks(bucket: Bucket) -> None:
    bucket.put("out/stacks/shop/cdk.tf.json", (bucket.estate.folder / "estate/s1/cdk.tf.json").read_bytes())
    bucket.put("out/stacks/till/cdk.tf.json", (bucket.estate.folder / "estate/s0/cdk.tf.json").read_bytes())
    run = bucket.estate.fleet("s3://estates/out", *IMDS)
    found = {one["path"]: one["stack"] for one in run.json["inputs"]}
    assert found == {"s3://estates/out/stacks/shop": "shop", "s3://estates/out/stacks/till": "till"}


def test_changed_object_is_judged_again_and_no_other(bucket: Bucket) -> None:
    kept = ("--resume", "kept")
    bucket.estate.fleet("s3://estates/estate/*", *kept)
    bucket.estate.read()
    bucket.estate.add("s1", PASSES)
    bucket.upload()
    resumed = bucket.estate.fleet("s3://estates/estate/*", *kept)
    assert bucket.estate.read() == ["s1"]
    assert resumed.out == located(bucket.estate.fleet("estate/*").out)


def test_bad_objects_are_listed_and_the_others_judged(bucket: Bucket) -> None:
    bucket.put("estate/bad/cdk.tf.json", b'{"resource": {')
    run = bucket.estate.fleet("s3://estates/estate/*", "s3://estates/gone.json", "s3://estates/gone/*", *IMDS)
    assert run.code == 3
    assert len(run.json["inputs"]) == 7
    reasons = {one["path"]: one["reason"] for one in run.json["refused"]}
    assert reasons["s3://estates/estate/bad"].startswith("s3://estates/estate/bad/cdk.tf.json:1:15: not valid JSON")
    assert reasons["s3://estates/gone.json"] == "s3://estates/gone.json: no such object or folder"
    assert reasons["s3://estates/gone/*"] == "s3://estates/gone/*: nothing matches"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("s3://estates/a/../../../etc/x.json", "a part of the key is empty, `.` or `..`"),
        ("s3://estates/a//b.json", "a part of the key is empty, `.` or `..`"),
        ("s3://estates/a%2e.json", "a key with a control character or one of ? # % \\ is not read"),
        (f"s3://{KEY_ID}:{SECRET}@estates/a.json", "credentials belong into the environment"),
        ("s3:///x", "not of the form s3://BUCKET/KEY"),
    ],
)
def test_url_that_is_none_is_refused_without_a_request(estate: Estate, url: str, message: str) -> None:
    estate.environment.update(environment("http://127.0.0.1:9"))
    run = estate.fleet(url)
    assert run.code == 3
    assert message in run.err
    assert SECRET not in run.err + run.out.replace(url, "")
    assert KEY_ID not in run.err


@pytest.fixture
def refusing() -> Iterator[Callable[[int, str], str]]:
    """Starts services that answer everything in one way; returns their address."""
    servers: list[ThreadingHTTPServer] = []

    def start(status: int, body: str) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body.encode())

            do_HEAD = do_GET  # noqa: N815

            def log_message(self, *_arguments: object) -> None:
                """Says nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("status", [401, 403])
def test_what_the_service_says_is_not_repeated(
    estate: Estate, refusing: Callable[[int, str], str], status: int, tmp_path: Path
) -> None:
    """A service that refuses names the key, and says more than anybody should read in a log."""
    needed("obstore")
    body = f"<Error><Code>InvalidAccessKeyId</Code><AWSAccessKeyId>{KEY_ID}</AWSAccessKeyId></Error>"
    estate.environment.update(environment(refusing(status, body)))
    run = estate.fleet("s3://estates/a.json", "s3://estates/*", "estate/s0", *IMDS)
    assert run.code == 3
    assert run.err.count("s3://estates/a.json: access denied") == 1
    assert run.err.count("s3://estates/*: ") == 1
    assert KEY_ID not in run.err + run.out
    assert SECRET not in run.err + run.out
    assert [one["path"] for one in run.json["inputs"]] == ["estate/s0"]


def test_absent_packages_are_one_line_that_says_how_to_install_them(estate: Estate) -> None:
    (estate.marks / "obstore.py").write_text("raise ImportError('not installed')\n")
    run = estate.fleet("s3://estates/*", "estate/s0", *IMDS, "--no-progress")
    assert run.code == 3
    assert (
        run.err == "policies: s3://...: reading from S3 needs two packages more: python -m pip install fsspec obstore\n"
    )
    assert [one["path"] for one in run.json["inputs"]] == ["estate/s0"]
