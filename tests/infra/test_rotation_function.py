"""The stack and the rotation function's code agree: what the one sets, the other understands."""

import zipfile
from pathlib import Path

from rotate_database_secret.database_secret import DatabaseSecret
from rotate_database_secret.engines import engine_of
from rotate_database_secret.mysql import READ_TIMEOUT_SECONDS
from rotate_database_secret.secrets_manager import ATTEMPTS_MAX, CONNECT_TIMEOUT_SECONDS
from rotate_database_secret.secrets_manager import READ_TIMEOUT_SECONDS as CALL_READ_TIMEOUT_SECONDS
from rotate_database_secret.settings import Settings
from rotate_database_secret.strategies import AlternatingUsers, strategy_of

from infra import packages
from tests.infra.synthesized import Synthesis

FUNCTION = "aws_lambda_function.secrets_function"


def test_the_function_understands_its_settings(portal: Synthesis) -> None:
    variables = portal.resource(FUNCTION)["environment"]["variables"]
    settings = Settings.from_environment({**variables, "AWS_REGION": "us-east-1"})
    assert isinstance(strategy_of(settings.strategy), AlternatingUsers)
    assert settings.password_length == 32
    assert set("/@\"'\\`") <= set(settings.exclude_characters)
    assert settings.ca_bundle == packages.rds_ca_bundle()


def test_the_function_understands_the_secret_and_both_user_names_fit(portal: Synthesis) -> None:
    text = portal.resource("aws_secretsmanager_secret_version.secrets_connection")["secret_string"]
    secret = DatabaseSecret.from_json(text)
    assert engine_of(secret)
    assert secret.password is None
    assert len(secret.with_alternate_user().username) <= 32


def test_the_function_is_the_zip_that_was_tested_on_its_runtime(portal: Synthesis, tmp_path: Path) -> None:
    function = portal.resource(FUNCTION)
    assert function["runtime"] == packages.LAMBDA_RUNTIME
    deployed = portal.folder / function["filename"]
    assert deployed.read_bytes() == packages.rotation_function(tmp_path).read_bytes()
    with zipfile.ZipFile(deployed) as archive:
        assert function["handler"].rpartition(".")[0].replace(".", "/") + ".py" in archive.namelist()


def test_whatever_hangs_is_given_up_before_the_function_is_killed(portal: Synthesis) -> None:
    pause_seconds = 1
    hanging_call = ATTEMPTS_MAX * (CONNECT_TIMEOUT_SECONDS + CALL_READ_TIMEOUT_SECONDS) + pause_seconds
    assert hanging_call + READ_TIMEOUT_SECONDS < portal.resource(FUNCTION)["timeout"] / 2


def test_only_secrets_manager_may_invoke_the_function_and_only_for_this_secret(portal: Synthesis) -> None:
    [permission] = portal.resources("aws_lambda_permission")
    assert permission.body["principal"] == "secretsmanager.amazonaws.com"
    assert permission.body["source_arn"] == "${aws_secretsmanager_secret.secrets_secret.arn}"
    assert permission.body["source_account"]
