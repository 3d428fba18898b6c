"""Whoever writes the pipeline tries to have a verdict that nobody gave; what we ship must not show how."""

import re
from typing import Any

from tests.ci.test_ci_files import ATLANTIS_SERVER, CONFIG, GITLAB, WORKFLOW, commands, read, scripts

VERDICTS = (WORKFLOW.name, GITLAB.name, CONFIG.name, ATLANTIS_SERVER.name, ".ci/judge")


def keys(value: Any) -> set[str]:
    """Every key that stands anywhere in a YAML document."""
    if isinstance(value, dict):
        return {str(key) for key in value} | {key for inner in value.values() for key in keys(inner)}
    return {key for inner in value for key in keys(inner)} if isinstance(value, list) else set()


def test_no_verdict_goes_through_make() -> None:
    """MAKEFLAGS=i ignores the gate's exit code, n runs nothing, and any variable of a Makefile can be set outside."""
    judged = set()
    for where, script in scripts():
        file = where.partition(":")[0]
        for words in commands(script):
            text = " ".join(words)
            assert file not in VERDICTS or not re.search(r"\bmake\b.*\b(gate|check|deploy)\b", text), (where, text)
            if "-m policies check" in text:
                judged.add(file)
    assert set(VERDICTS) <= judged


def test_no_step_may_fail_unnoticed() -> None:
    forgiving = {"continue-on-error", "allow_failure", "ignore_errors", "verbose_errors"}
    for path in (WORKFLOW, GITLAB, CONFIG, ATLANTIS_SERVER):
        assert keys(read(path)) & forgiving == set(), path
    for where, script in scripts():
        assert not re.search(r"\|\|\s*(true|:|exit 0)\b", script), where
        assert not re.search(r"policies check[^\n]*\|\s*(tee|cat|grep)\b", script), where


def test_the_verdict_is_not_that_of_pytest() -> None:
    """A conftest.py may rewrite the outcome of any test; the gate runs none."""
    for where, script in scripts():
        if where.partition(":")[0] in VERDICTS:
            assert "--stack" not in script or "pytest" not in script, where


def test_no_verdict_is_carried_from_one_run_to_the_next() -> None:
    """What another branch may have written into a cache are packages, which are checked by their digests."""
    kept = [step["with"]["path"] for job in read(WORKFLOW)["jobs"].values() for step in job["steps"]
            if "actions/cache" in step.get("uses", "")]  # fmt: skip
    kept += [path for job in read(GITLAB).values() if isinstance(job, dict) and "cache" in job
             for path in job["cache"]["paths"]]  # fmt: skip
    assert kept
    assert all(re.fullmatch(r"(~/|)\.cache/pip", path) for path in kept)


def test_no_pipeline_leaves_anything_out() -> None:
    """Options for a first look, or for one finding, have no place where a verdict counts."""
    for where, script in scripts():
        if where.partition(":")[0] not in VERDICTS:
            continue
        for words in commands(script):
            if "policies" in words and "check" in words:
                partial = {"--policy", "--address", "--today", "--baseline", "--undetermined=warn", "--no-cache"}
                assert partial & {word.partition("=")[0] for word in words} == set(), where
                assert "--undetermined=warn" not in words, where
