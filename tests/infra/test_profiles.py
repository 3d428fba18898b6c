"""What differs between the environments is what infra/profiles.toml says, and nothing else."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from infra import profiles, profiles_page
from infra.errors import InputError
from infra.main import main
from infra.profiles import ENVIRONMENTS, FILE, Environment, settings
from tests.infra.synthesized import ROOT, Synthesis

STACKS = ("portal", "recovery-primary", "recovery-secondary", "recovery-global", "transactions")
# What compliance fixes: no setting may be about it, and every stack has some of it.
FIXED = (
    "encrypt",
    "kms_key_id",
    "kms_master_key",
    "http_tokens",
    "ssl_policy",
    "minimum_protocol_version",
    "transit",
    "parameter",
    "log",
    "retention_in_days",
    "expiration",
    "backup_retention",
    "versioning",
    "policy",
    "assume_role",
    "ingress",
    "cidr",
    "public",
    "alarm",
    "metric",
    "tags",
    "rotation",
    "point_in_time_recovery",
    "multi_az",
)
EVERYWHERE = {
    "portal": ("storage_encrypted", "kms_key_id", "http_tokens", "ssl_policy", "minimum_protocol_version"),
    "transactions": ("storage_encrypted", "kms_key_id", "transit_encryption_mode", "ssl_policy", "retention_in_days"),
    "recovery-primary": ("kms_key_arn", "ssl_policy", "retention_in_days"),
    "recovery-secondary": ("kms_key_arn", "ssl_policy", "retention_in_days"),
    "recovery-global": ("kms_key_arn", "kms_master_key_id", "point_in_time_recovery", "retention_in_days"),
}
NEGATED = {"aws_rds_cluster.skip_final_snapshot", "aws_rds_cluster.delete_automated_backups"}
DERIVED = {
    "aws_rds_cluster.final_snapshot_identifier",
    "aws_elasticache_replication_group.final_snapshot_identifier",
    "aws_s3_bucket.object_lock_enabled",
    "aws_s3_bucket_object_lock_configuration",
}


def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value below `path`, with the path to it; the construct's own metadata left out."""
    if isinstance(value, dict) and value:
        for key, below in value.items():
            if key != "//":
                yield from leaves(below, f"{path}.{key}")
    elif isinstance(value, list) and value:
        for index, below in enumerate(value):
            yield from leaves(below, f"{path}[{index}]")
    else:
        yield path, value


def content(synthesis: Synthesis, environment: Environment) -> dict[str, Any]:
    """Path -> value of a whole document, in which the environment's name says nothing."""
    return {path: "(environment)" if value == environment else value for path, value in leaves(synthesis.document, "")}


def attribute(path: str, other: Synthesis) -> str:
    """`.resource.aws_lb.alb.name` -> `aws_lb.name`, or `aws_lb` where `other` has no such resource at all."""
    section, type_, name, rest = re.sub(r"\[\d+\]", "", path).removeprefix(".").split(".", 3)
    assert section == "resource", path
    return f"{type_}.{rest}" if name in other.document["resource"].get(type_, {}) else type_


def declared(one: Environment, other: Environment) -> set[str]:
    """The attributes that the settings with different values in the two profiles name."""
    return {path for setting in settings() if setting.values[one] != setting.values[other] for path in setting.sets}


@pytest.mark.parametrize(("one", "other"), [*combinations(ENVIRONMENTS, 2)])
def test_two_profiles_differ_in_the_declared_attributes_and_in_no_other(
    in_profile: Mapping[Environment, Synthesis], one: Environment, other: Environment
) -> None:
    found = set()
    for stack in STACKS:
        here, there = in_profile[one].of(stack), in_profile[other].of(stack)
        first, second = content(here, one), content(there, other)
        for path in first.keys() | second.keys():
            if path not in second or path not in first or first[path] != second[path]:
                found.add(attribute(path, there if path in first else here))
    assert found == declared(one, other)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_attribute_has_the_value_that_its_setting_says(
    in_profile: Mapping[Environment, Synthesis], environment: Environment
) -> None:
    for setting in settings():
        for path in set(setting.sets) - DERIVED:
            type_, _, name = path.partition(".")
            seen = [
                value
                for stack in STACKS
                for value in in_profile[environment].of(stack).find(f"resource.{type_}.*.{name}")
            ]
            wanted = setting.values[environment]
            if path.endswith("prevent_destroy"):
                seen = seen or [False]  # where it is off it is not written
            assert set(seen) == {not wanted if path in NEGATED else wanted}, path


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_terraform_refuses_to_destroy_each_resource_of_a_protected_type(
    in_profile: Mapping[Environment, Synthesis], environment: Environment
) -> None:
    wanted = profiles.profiles()[environment].prevent_destroy
    (setting,) = [one for one in settings() if one.name == "prevent_destroy"]
    types = {path.partition(".")[0] for path in setting.sets}
    for stack in STACKS:
        for resource in in_profile[environment].of(stack).resources():
            prevented = resource.body.get("lifecycle", {}).get("prevent_destroy", False)
            assert prevented == (wanted and resource.type in types), resource.address


def test_no_setting_is_about_what_compliance_fixes() -> None:
    allowed = {"aws_secretsmanager_secret.recovery_window_in_days"}
    named = {path for setting in settings() for path in setting.sets} - allowed
    assert [(path, word) for path in sorted(named) for word in FIXED if word in path.partition(".")[2]] == []


@pytest.mark.parametrize("stack", STACKS)
def test_what_compliance_fixes_is_there_in_every_profile(
    in_profile: Mapping[Environment, Synthesis], stack: str
) -> None:
    for word in EVERYWHERE[stack]:
        seen = [
            sorted(
                (path, str(value))
                for path, value in content(in_profile[environment].of(stack), environment).items()
                if re.search(rf"\.{word}\b", path)
            )
            for environment in ENVIRONMENTS
        ]
        assert seen[0], f"{word}: the stack has none of it"
        assert seen[0] == seen[1] == seen[2], word


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_policies_accept_every_stack_in_every_profile(
    in_profile: Mapping[Environment, Synthesis], environment: Environment
) -> None:
    command = [sys.executable, "-m", "policies", "check", str(in_profile[environment].output)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("environment", "pretended", "failing"),
    [
        (
            "staging",
            "production",
            {
                "production-is-protected",
                "production-prevents-destroy",
                "production-recovers-deletions",
                "trail-archive-is-locked",
            },
        ),
        ("production", "staging", {"nothing-blocks-teardown"}),
        ("production", "blue", {"nothing-blocks-teardown", "production-is-whole"}),
    ],
)
def test_a_stack_that_pretends_to_have_another_profile_does_not_pass(
    in_profile: Mapping[Environment, Synthesis],
    tmp_path: Path,
    environment: Environment,
    pretended: str,
    failing: set[str],
) -> None:
    text = in_profile[environment].text.replace(f'"Environment": "{environment}"', f'"Environment": "{pretended}"')
    (tmp_path / "portal.tf.json").write_text(text.replace(f'"value": "{environment}"', f'"value": "{pretended}"'))
    command = [sys.executable, "-m", "policies", "check", str(tmp_path), "--stack", "portal", "--format", "json"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == (2 if pretended == "blue" else 1), run.stderr
    outcome = "undetermined" if pretended == "blue" else "fail"
    assert {one["policy"] for one in json.loads(run.stdout)["assessments"] if one["outcome"] == outcome} == failing


def test_production_keeps_and_the_others_let_go() -> None:
    found = profiles.profiles()
    kept = found["production"]
    assert kept.deletion_protection
    assert kept.prevent_destroy
    assert kept.final_snapshot
    assert kept.keep_automated_backups
    assert kept.object_lock_days >= 365
    assert not kept.force_destroy
    assert not kept.placeholders
    for environment in ("development", "staging"):
        profile = found[environment]
        assert profile.force_destroy
        assert profile.lifecycle() is None
        assert not any((profile.deletion_protection, profile.final_snapshot, profile.keep_automated_backups))
        assert (profile.object_lock_days, profile.secret_recovery_window_days) == (0, 0)


def test_staging_has_the_sizes_of_production() -> None:
    sizes = [(one.cache_node_type, one.portal_maximum_instances) for one in profiles.profiles().values()]
    assert sizes[1] == sizes[2] != sizes[0]


def line(text: str) -> int:
    """The number of the one line that starts with `text` in the file of the profiles."""
    (number,) = [number for number, line in enumerate(FILE.read_text().splitlines(), 1) if line.startswith(text)]
    return number


LOCK = line("[object_lock_days]")
BROKEN: dict[str, tuple[str, str, str]] = {
    "no TOML": ("[deletion_protection]", "[deletion_protection", ": no TOML: Expected"),
    "a setting nobody knows": (
        "[force_destroy]",
        "[forced]",
        f":{line('[force_destroy]')}: forced: no such setting: there are deletion_protection,",
    ),
    "a setting that is missing": ("[placeholders]\n", "[cache_node_type]\n", ": no TOML: Cannot declare"),
    "a profile nobody knows": (
        "staging = 0\nproduction = 365",
        "stagging = 0\nproduction = 365",
        f":{LOCK + 4}: stagging of object_lock_days: no such key: there are meaning, sets, development, staging,",
    ),
    "a value that is missing": (
        "staging = 0\nproduction = 365",
        "production = 365",
        f":{LOCK}: object_lock_days: staging is missing",
    ),
    "a text for a number": (
        "production = 365",
        'production = "365"',
        f":{LOCK + 5}: production of object_lock_days is '365': it must be a whole number",
    ),
    "true for a number": (
        "production = 365",
        "production = true",
        f":{LOCK + 5}: production of object_lock_days is true: it must be a whole number",
    ),
    "a number for true": (
        "staging = true\nproduction = false\n\n[object_lock_days]",
        "staging = 1\nproduction = false\n\n[object_lock_days]",
        f":{LOCK - 3}: staging of force_destroy is 1: it must be true or false",
    ),
    "a lock shorter than audit material is kept": (
        "production = 365",
        "production = 90",
        f":{LOCK + 5}: production of object_lock_days is 90: it must be 0, or at least 365",
    ),
    "fewer instances than business hours demand": (
        "development = 4",
        "development = 2",
        f":{line('development = 4')}: development of portal_maximum_instances is 2: it must be 3 to 100",
    ),
    "a node of another kind": (
        "cache.t4g.small",
        "db.t4g.small",
        "development of cache_node_type is 'db.t4g.small': it must be like cache.m7g.large",
    ),
    "no meaning": (
        'meaning = "size of the transaction API\'s three cache nodes"',
        'meaning = " "',
        "meaning of cache_node_type is ' ': it must be a text in quotes, and say something",
    ),
    "an attribute that is none": (
        '"aws_elasticache_replication_group.node_type"',
        '"aws_elasticache_replication_group/node_type"',
        "sets of cache_node_type is ['aws_elasticache_replication_group/node_type']: it must be a list of attribute",
    ),
    "a value outside a table": (
        "[deletion_protection]",
        "keys = 7\n[deletion_protection]",
        f":{line('[deletion_protection]')}: keys: no such setting",
    ),
}


@pytest.mark.parametrize(("old", "new", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_a_file_that_cannot_be_used_is_one_line_with_its_place(old: str, new: str, message: str) -> None:
    text = FILE.read_text()
    assert text.count(old) == 1
    with pytest.raises(InputError) as error:
        settings(text.replace(old, new))
    assert str(error.value).startswith("infra/profiles.toml:")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_setting_that_the_file_does_not_have_is_missed() -> None:
    begin, _, end = FILE.read_text().partition("[placeholders]")
    with pytest.raises(InputError, match=re.escape("infra/profiles.toml: the table [placeholders] is missing")):
        settings(begin)
    assert end


def test_the_app_ends_with_that_line_and_exit_code_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "profiles.toml"
    broken.write_text(FILE.read_text().replace("production = 365", "production = 1"))
    monkeypatch.setattr(profiles, "FILE", broken)
    monkeypatch.setenv("ENVIRONMENT_SUFFIX", "x")
    profiles.profiles.cache_clear()
    try:
        assert main(["--output", str(tmp_path / "output")]) == 3
    finally:
        profiles.profiles.cache_clear()
    said = capsys.readouterr().err
    assert said.startswith(f"infra: infra/profiles.toml:{LOCK + 5}: production of object_lock_days is 1")
    assert len(said.splitlines()) == 1


def test_the_page_about_the_profiles_is_current() -> None:
    assert profiles_page.main(["--check", "--output", str(ROOT / profiles_page.PAGE)]) == 0


def test_a_page_that_is_not_current_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "profiles.md"
    assert profiles_page.main(["--check", "--output", str(page)]) == 1
    assert profiles_page.main(["--output", str(page)]) == 0
    assert profiles_page.main(["--check", "--output", str(page)]) == 0
    page.write_text(page.read_text().replace("| 365 |", "| 30 |"))
    assert profiles_page.main(["--check", "--output", str(page)]) == 1
    assert "not what infra/profiles.toml says now: run make docs" in capsys.readouterr().out
    assert profiles_page.main(["--output", str(tmp_path / "none" / "profiles.md")]) == 3
