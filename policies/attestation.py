"""The gate's verdict on exact bytes, as others can read it: an attestation.

It is an in-toto Statement (v1) with SLSA's Verification Summary (v1) as its predicate; what SLSA has no field for
stands in annotations and in one extension field. Who may trust it, and what it does not protect from, is written down
in docs/decisions/0010-what-is-applied-was-judged.md.
"""

import datetime
import fnmatch
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from policies import disk, documents, specifications, strict_json
from policies.documents import Document, is_configuration
from policies.errors import InputError
from policies.model import Policy
from policies.result import PASSED as GATE_PASSED
from policies.result import GateResult
from policies.state_backend import state_backend

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/verification_summary/v1"
SLSA_VERSION = "1.1"
VERIFIER = "urn:gate:policies"
POLICY_SET = "urn:gate:policy-set"
RESULT = "urn:gate:result"  # our extension of the predicate: SLSA wants such names to be URIs
PASSED, FAILED = "PASSED", "FAILED"

LOCK = ".terraform.lock.hcl"
# What Terraform keeps in a stack's folder: plugins and states. It changes by the way, and nobody judges it.
TERRAFORMS_OWN = (".terraform", "terraform.tfstate.d", "*.tfstate", "*.tfstate.*")


@dataclass(frozen=True)
class Attestation:
    """What a reader needs of a statement. `subjects` maps names to SHA-256 digests, as all digests here.

    `waivers` is None when none were taken into account; `tools` are the versions of the other judges.
    """

    resource_uri: str
    time_verified: datetime.datetime
    result: str
    subjects: Mapping[str, str]
    policy_set: str
    waivers: str | None
    tools: Mapping[str, str]


def module_files(folder: Path) -> dict[str, Path]:
    """Every file that Terraform may read when it works in `folder`: POSIX path below it -> file, sorted.

    Expressions can name any file, so all count, except what Terraform itself keeps there. Raises InputError for what
    `disk.files_below` refuses: a link could lead to what is not counted.
    """
    return dict(sorted(disk.files_below(folder, _is_terraforms_own)))


def _is_terraforms_own(name: str) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in TERRAFORMS_OWN)


def policy_set_digest(selected: Sequence[Policy]) -> str:
    """One digest over everything in this project that decides a verdict: which policies, their code, what is asked."""
    package = Path(__file__).parent
    sources = [path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    sources += specifications.FOLDER.glob("*.yaml")
    lines = [f"{path.relative_to(package.parent).as_posix()} {disk.sha256(path)}" for path in sorted(sources)]
    return hashlib.sha256("\n".join([*(policy.id for policy in selected), *lines]).encode()).hexdigest()


def resource_uri(stack: str, environment: str) -> str:
    """What a verdict is about: an attestation for development must not deploy production."""
    return f"terraform:stack/{quote(stack, safe='')}?environment={quote(environment, safe='')}"


def statement(
    result: GateResult, further: Iterable[Path], *, policy_set: str, waivers: Path | None, environment: str
) -> dict[str, Any]:
    """The statement about everything that was judged, and the `further` files that belong to it.

    Raises InputError when one stack is not what was judged, or when a file is not what it was then.
    """
    told = [*result.documents, *([result.configuration] if result.configuration else [])]
    judged = [one for one in told if isinstance(one, Document)]
    if len(judged) < len(told):
        raise InputError("--attestation: a statement is about what the run itself has read")
    stacks = sorted({document.stack for document in judged})
    if len(stacks) != 1:
        raise InputError(f"--attestation: a statement is about one stack, not {', '.join(stacks)}")
    passed = result.exit_code() == GATE_PASSED
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in _subjects(judged, further)],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "verifier": {"id": VERIFIER, "version": _versions(result)},
            "timeVerified": _now().isoformat().replace("+00:00", "Z"),
            "resourceUri": resource_uri(stacks[0], environment),
            "policy": {
                "uri": POLICY_SET,
                "digest": {"sha256": policy_set},
                "annotations": {"waivers": {"name": waivers.name, "sha256": disk.sha256(waivers)} if waivers else None},
            },
            "verificationResult": PASSED if passed else FAILED,
            "verifiedLevels": [] if passed else [FAILED],  # a track of SLSA's is not what we verify
            "slsaVersion": SLSA_VERSION,
            RESULT: {
                "summary": result.summary,
                "validation": {one.stack: one.outcome for one in result.validation if one.terraform},
                "state": _state(judged),
                "accounts": sorted(_accounts(judged)),
            },
        },
    }


def discard(path: Path) -> None:
    """Remove the attestation of an earlier run, which must not be taken for this one's. Raises InputError."""
    disk.discard(path)


def write(content: Mapping[str, Any], path: Path) -> None:
    """Write a statement, whole or not at all. Raises InputError when it cannot be written."""
    disk.write(path, (json.dumps(content, indent=1) + "\n").encode())


def read(path: Path) -> Attestation:
    """The attestation in `path`. Raises InputError for anything that is not a statement such as `statement` makes."""
    written = disk.read(path)
    try:
        content = strict_json.parse(written, path.name)
    except InputError as error:
        raise InputError(f"{path}: not an attestation of the gate ({error})") from None
    try:
        if content["_type"] != STATEMENT_TYPE or content["predicateType"] != PREDICATE_TYPE:
            raise InputError(f"{path}: not a verification summary: {content['_type']}, {content['predicateType']}")
        predicate = content["predicate"]
        waivers = predicate["policy"]["annotations"]["waivers"]
        subjects = {str(one["name"]): str(one["digest"]["sha256"]) for one in content["subject"]}
        if len(subjects) != len(content["subject"]):
            raise InputError(f"{path}: two subjects of one name")
        return Attestation(
            resource_uri=str(predicate["resourceUri"]),
            time_verified=datetime.datetime.fromisoformat(predicate["timeVerified"]).astimezone(datetime.UTC),
            result=str(predicate["verificationResult"]),
            subjects=subjects,
            policy_set=str(predicate["policy"]["digest"]["sha256"]),
            waivers=str(waivers["sha256"]) if waivers else None,
            tools={str(name): str(version) for name, version in predicate["verifier"]["version"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: not an attestation of the gate ({type(error).__name__}: {error})") from None


def _subjects(judged: Sequence[Document], further: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """Names and digests: files of the stack's folder as `<stack>/<path>`, all others by their own name."""
    named: dict[str, Path] = {}
    for document in judged:
        for name, path in _files(document).items():
            named.setdefault(name, path)
    for path in further:
        if named.setdefault(path.name, path) is not path:
            raise InputError(f"{path}: a second subject named {path.name}")
    digests = {name: disk.sha256(path) for name, path in named.items()}
    for document in judged:
        (again,) = documents.read([Path(document.path)], document.stack)
        if again.sha256 != document.sha256:
            raise InputError(f"{document.path}: changed while it was judged")
    yield from sorted(digests.items())


def _files(document: Document) -> dict[str, Path]:
    if document.kind != "synth":
        return {path.name: path for path in document.files}
    folder = document.files[0].parent
    if set(document.files) != {path for path in disk.entries(folder) if is_configuration(path)}:
        raise InputError(f"{document.path}: not the whole of a module: --attestation needs its folder")
    return {f"{document.stack}/{name}": path for name, path in module_files(folder).items()}


def _versions(result: GateResult) -> dict[str, str]:
    versions = {name: version for name, version in result.tools.items() if name != "policies"}
    for validation in result.validation:
        if validation.terraform:
            versions["terraform"] = validation.terraform
    return dict(sorted(versions.items()))


def _now() -> datetime.datetime:
    """The time, to the second; a reproducible build says itself which one it wants."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch is not None and not epoch.isdecimal():
        raise InputError(f"SOURCE_DATE_EPOCH is {epoch!r}: it must be seconds since 1970")
    now = (
        datetime.datetime.now(datetime.UTC)
        if epoch is None
        else datetime.datetime.fromtimestamp(int(epoch), datetime.UTC)
    )
    return now.replace(microsecond=0)


def _state(judged: Iterable[Document]) -> dict[str, Any] | None:
    for document in judged:
        backend = state_backend(document.files) if document.kind == "synth" else None
        if backend is not None:
            return backend.place
    return None


def _accounts(judged: Iterable[Document]) -> set[str]:
    """The AWS accounts that the stack looked up its own number in: known once planned."""
    found = [
        resource.attribute("account_id")
        for document in judged
        for resource in document.graph.of_type("data.aws_caller_identity")
    ]
    return {str(account.value) for account in found if not account.is_unresolved and account.value}
