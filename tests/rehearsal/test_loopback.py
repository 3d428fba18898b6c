"""Nothing leaves the machine."""

import http.client
import os
from pathlib import Path
from typing import Any

import pytest

from rehearsal import loopback
from rehearsal.emulator import Emulator
from rehearsal.errors import NotRehearsedError

LEADING_ELSEWHERE = {
    "AWS_ENDPOINT_URL": "https://sts.amazonaws.com",
    "AWS_ENDPOINT_URL_S3": "https://s3.amazonaws.com",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_PROFILE": "production",
    "AWS_CONFIG_FILE": "/home/somebody/.aws/config",
    "AWS_SHARED_CREDENTIALS_FILE": "/home/somebody/.aws/credentials",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_SESSION_TOKEN": "of-a-real-account",
    "TF_VAR_endpoint": "https://elsewhere.example.com",
    "TF_CLI_ARGS_apply": "-var-file=elsewhere.tfvars",
    "HTTPS_PROXY": "http://proxy.example.com:3128",
    "NO_PROXY": "*",
    "all_proxy": "socks5://proxy.example.com",
}


def stack(**parts: Any) -> dict[str, Any]:
    return {
        "terraform": {"required_providers": {"aws": {"source": "aws", "version": "5.100.0"}}},
        "provider": {"aws": [{"region": "us-east-1", "default_tags": [{"tags": {}}]}]},
        "resource": {"aws_sns_topic": {"alerts": {"name": "alerts"}}, "terraform_data": {"kept": {"input": 1}}},
        "data": {"aws_caller_identity": {"account": {}}},
        **parts,
    }


def test_terraform_sees_none_of_what_would_lead_elsewhere() -> None:
    environment = loopback.rehearsal_environment({**os.environ, **LEADING_ELSEWHERE}, 4566)
    loopback.check_environment(environment, 4566)
    assert not set(LEADING_ELSEWHERE.values()) & set(environment.values()) - {"true"}
    assert {name for name, value in environment.items() if name.startswith("AWS_ENDPOINT_URL")} == {"AWS_ENDPOINT_URL"}


@pytest.mark.parametrize("name", LEADING_ELSEWHERE)
def test_an_environment_that_leads_elsewhere_is_refused_by_name(name: str) -> None:
    environment = loopback.rehearsal_environment({}, 4566)
    with pytest.raises(NotRehearsedError, match=rf"^{name} is "):
        loopback.check_environment({**environment, name: LEADING_ELSEWHERE[name]}, 4566)


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_CONFIG_FILE", "AWS_ACCESS_KEY_ID", "HTTPS_PROXY"])
def test_an_environment_without_a_guard_is_refused(name: str) -> None:
    environment = loopback.rehearsal_environment({}, 4566)
    del environment[name]
    with pytest.raises(NotRehearsedError, match=rf"^{name} is None"):
        loopback.check_environment(environment, 4566)


def test_the_endpoint_is_the_server_of_this_rehearsal() -> None:
    environment = loopback.rehearsal_environment({}, 4566)
    with pytest.raises(NotRehearsedError, match=r"^AWS_ENDPOINT_URL is .*4566', not .*4567"):
        loopback.check_environment(environment, 4567)


def test_installing_the_provider_gets_no_aws_variable() -> None:
    environment = loopback.installation_environment({**LEADING_ELSEWHERE, "PATH": "/bin"})
    assert [name for name in environment if name.startswith(("AWS_", "TF_VAR", "TF_CLI_ARGS"))] == []


def test_a_stack_of_aws_resources_is_not_refused() -> None:
    loopback.check_stack("portal", stack())


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (stack(provider={"aws": [{"endpoints": [{"s3": "https://s3.amazonaws.com"}]}]}), "sets endpoints"),
        (stack(provider={"aws": {"region": "us-east-1", "profile": "production"}}), "sets profile"),
        (stack(provider={"aws": [{}, {"alias": "b", "assume_role": [{"role_arn": "x"}]}]}), "sets assume_role"),
        (stack(provider={"aws": [{}], "random": [{}]}), "provider 'random'"),
        (stack(terraform={"required_providers": {"aws": {"source": "example/aws"}}}), "from 'example/aws'"),
        (stack(terraform={"cloud": {"organization": "example"}}), "HCP Terraform"),
        (stack(module={"network": {"source": "./network"}}), "module 'network'"),
        (stack(data={"http": {"page": {"url": "https://example.com"}}}), "data 'http'"),
        (stack(data={"terraform_remote_state": {"other": {}}}), "data 'terraform_remote_state'"),
        (stack(resource={"null_resource": {"run": {}}}), "resource 'null_resource'"),
        (
            stack(resource={"terraform_data": {"run": {"provisioner": [{"local-exec": {"command": "true"}}]}}}),
            "a provisioner in terraform_data.run",
        ),
        ([], "not a JSON object"),
    ],
)
def test_a_stack_with_a_way_out_is_refused(document: Any, problem: str) -> None:
    with pytest.raises(NotRehearsedError, match=f"^portal: .*{problem}.*127.0.0.1"):
        loopback.check_stack("portal", document)


@pytest.mark.parametrize("name", ["more.tf", "more.tf.json", "terraform.tfvars", "x.auto.tfvars.json", "more.tofu"])
def test_a_folder_with_configuration_of_another_hand_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "cdk.tf.json").write_text("{}")
    (tmp_path / "sources.json").write_text("{}")
    loopback.check_folder(tmp_path)
    (tmp_path / name).write_text("{}")
    with pytest.raises(NotRehearsedError, match=name):
        loopback.check_folder(tmp_path)


def test_the_server_takes_no_request_to_another_host_through(server: Emulator) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", "http://169.254.169.254/latest/meta-data/", headers={"Host": "169.254.169.254"})
    assert connection.getresponse().status == 403


def test_the_server_opens_no_tunnel_to_another_host(server: Emulator) -> None:
    connection = http.client.HTTPSConnection("127.0.0.1", server.port)
    connection.set_tunnel("sts.amazonaws.com", 443)
    with pytest.raises(OSError, match="403"):
        connection.request("GET", "/")
