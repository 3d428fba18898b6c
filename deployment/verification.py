"""Whether what is about to be applied is what the gate let pass, byte by byte."""

import datetime
from collections.abc import Mapping
from pathlib import Path

from deployment.errors import NotDeployedError
from deployment.stack import Deployment, Files
from policies import attestation, disk, waivers
from policies.attestation import LOCK, Attestation
from policies.checkov import checkov_version
from policies.errors import InputError
from policies.registry import catalogue

MAX_AGE_HOURS = 24  # waivers end, policies change: a verdict does not hold for ever
CLOCK_SKEW = datetime.timedelta(minutes=5)


def verify(deployment: Deployment, files: Files, now: datetime.datetime) -> None:
    """Compare `files` with their attestation, and its judges with ours of today.

    Raises NotDeployedError for the first difference, with both digests where there are two.
    """
    stack = deployment.stack
    if not files.attestation.exists():
        raise NotDeployedError(f"{stack}: no attestation: plan it first, and see what the gate says")
    try:
        attested = attestation.read(files.attestation)
        _verify_verdict(deployment, attested, now)
        _verify_judges(stack, attested)
        found = {path.name: disk.sha256(path) for path in (files.plan, files.plan_json)}
        found |= _stack_digests(stack, files.stack)
    except InputError as error:
        raise NotDeployedError(f"{stack}: {error}") from error
    _compare(stack, attested.subjects, found)


def verify_source(deployment: Deployment, files: Files) -> None:
    """Refuse a plan of an older synthesis than the one that lies in `source`, if any does. Raises NotDeployedError.

    The lock of the providers is left out: whoever validates or plans there writes it.
    """
    if not deployment.source.is_dir():
        return
    stack = deployment.stack
    try:
        planned, lies_there = (_stack_digests(stack, folder) for folder in (files.stack, deployment.source))
    except InputError as error:
        raise NotDeployedError(f"{stack}: {error}") from error
    for digests in (planned, lies_there):
        digests.pop(f"{stack}/{LOCK}", None)
    _compare(f"{stack}: {deployment.source} has changed since it was judged", planned, lies_there)


def _verify_verdict(deployment: Deployment, attested: Attestation, now: datetime.datetime) -> None:
    stack = deployment.stack
    expected = attestation.resource_uri(stack, deployment.environment)
    age = now - attested.time_verified
    if attested.resource_uri != expected:
        raise NotDeployedError(f"{stack}: the attestation is about {attested.resource_uri}, not about {expected}")
    if attested.result != attestation.PASSED:
        raise NotDeployedError(f"{stack}: the attestation says {attested.result}, not {attestation.PASSED}")
    if age > datetime.timedelta(hours=MAX_AGE_HOURS):
        raise NotDeployedError(
            f"{stack}: the attestation is of {attested.time_verified:%Y-%m-%d %H:%M} UTC, older than {MAX_AGE_HOURS} "
            "hours: plan again"
        )
    if age < -CLOCK_SKEW:
        raise NotDeployedError(f"{stack}: the attestation is of {attested.time_verified:%Y-%m-%d %H:%M} UTC, not yet")


def _verify_judges(stack: str, attested: Attestation) -> None:
    """The policies, waivers and tools of today are those that judged."""
    _same(stack, "the policy set", attested.policy_set, attestation.policy_set_digest(catalogue()))
    of_today = disk.sha256(waivers.FILE) if waivers.FILE.exists() else None
    _same(stack, str(waivers.FILE), attested.waivers, of_today)
    _same(stack, "Checkov", attested.tools.get("checkov"), checkov_version(), kind="version")


def _stack_digests(stack: str, folder: Path) -> dict[str, str]:
    files = attestation.module_files(folder).items()
    return {f"{stack}/{name}": disk.sha256(path) for name, path in files}


def _compare(stack: str, attested: Mapping[str, str], found: Mapping[str, str]) -> None:
    for name in sorted({*attested, *found}):
        _same(stack, name, attested.get(name), found.get(name))


def _same(stack: str, name: str, attested: str | None, found: str | None, kind: str = "sha256") -> None:
    if attested != found:
        seen = " ".join(
            f"{what} {value or 'none'}" for what, value in ((f"attested {kind}", attested), ("found", found))
        )
        raise NotDeployedError(f"{stack}: {name} is not what was judged: {seen}")
