"""What reads bytes that somebody else wrote, as functions of bytes: each returns, or raises what is a finding.

A reader may refuse its input with an InputError of one line; everything else that it raises is a crash, and what it
must never accept is asserted here. `READERS` holds them by name, with seeds from which mutation sets out.
"""

import base64
import contextlib
import datetime
import functools
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compliance import entity, requirements, signature
from compliance.manifest import parse_manifest
from compliance.signature import PrivateKey
from policies import attestation, baseline, documents, engine, expressions, iam_documents, terraform_json, waivers
from policies.errors import InputError
from policies.model import KnownIds
from policies.recorded_result import parse_gate_result
from policies.registry import catalogue
from policies.resources import Attribute, Undetermined
from policies.result import NOT_JUDGED, PASSED, Conditions, gate_result

ROOT = Path(__file__).parents[2]
TODAY = datetime.date(2026, 1, 31)
MAX_SEED_BYTES = 8_000


@dataclass(frozen=True)
class Reader:
    """One reader: `read` takes bytes; `seeds` gives what mutation begins with; `words` is a dictionary."""

    read: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    words: tuple[str, ...] = ()

    def __call__(self, content: bytes) -> None:
        """Reads; a refusal in one line is fine, all else is raised."""
        try:
            self.read(content)
        except InputError as refusal:
            text = " ".join(str(refusal).split("\n"))
            assert text.strip(), "a refusal that says nothing"
            text.encode("utf-8", "backslashreplace")


@functools.cache
def _folder() -> Path:
    """A place for the readers that take a path; one file at a time, in memory where the system has such a place."""
    memory = Path("/dev/shm")
    kept = tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)
    _kept.append(kept)
    return Path(kept.name)


_kept: list[Any] = []


def _written(content: bytes, name: str) -> Path:
    path = _folder() / name
    path.write_bytes(content)
    return path


def _judged(path: Path) -> None:
    """A document, read and judged by every policy: none may stumble, and exit code 0 needs something that passed."""
    read = documents.read([path])
    found = []
    for document in read:
        list(document.graph.edges())
        found += engine.assess(document.graph, document.stack, catalogue())
    broken = [f"{one.policy}: {one.message}" for one in found if "the policy failed" in one.message]
    assert not broken, broken[0]
    result = gate_result(read, found, (), {}, None, Conditions(TODAY.isoformat(), "development"))
    judged = [one for one in result.assessments if one.outcome == "pass" and one.address]
    assert result.exit_code() != PASSED or judged, "exit code 0 though nothing passed"
    assert result.exit_code() != NOT_JUDGED or result.unjudged()


def _document(content: bytes) -> None:
    _judged(_written(content, "x.tf.json"))


def _shown(content: bytes) -> None:
    _judged(_written(content, "shown.json"))


def _sources(content: bytes) -> None:
    _written(content, "sources.json")
    for name, source in documents.sources(_folder()).items():
        assert isinstance(name, str)
        assert isinstance(source.line, int)


def _expressions(content: bytes) -> None:
    text = content.decode("utf-8", "replace")
    parts = expressions.template(text)
    assert "${" in text or "%{" in text or "".join(str(part) for part in parts) == text
    for reference in expressions.references(text):
        assert reference.subject in str(reference)
    expressions.traversal(text)


def _iam(content: bytes) -> None:
    stack = {"resource": {"aws_iam_role": {"a": {"assume_role_policy": content.decode("utf-8", "replace")}}}}
    graph = terraform_json.read_module("x", [terraform_json.JsonFile("x.tf.json", stack)], {})
    [role] = graph.of_type("aws_iam_role")
    with contextlib.suppress(Undetermined):
        for statement in iam_documents.statements(role.attribute("assume_role_policy"), graph):
            assert statement.effect in ("Allow", "Deny")
            for value in (*statement.actions, *statement.resources):
                _pattern(value)


def _pattern(value: Attribute) -> None:
    with contextlib.suppress(Undetermined):
        iam_documents.pattern(value)


def _waivers(content: bytes) -> None:
    found, counts = waivers.read(_written(content, "waivers.yaml"))
    failing = list(_assessments())
    ids = KnownIds(frozenset({"p"}), frozenset({"p"}), lambda one: one == "p")
    result = waivers.apply(failing, found, counts, ids, "development", TODAY)
    assert len(result) >= len(failing)
    for before, after in zip(failing, result, strict=False):
        assert after.outcome == before.outcome or (after.outcome == "waived" and before.outcome != "pass"), after
        assert after.outcome != "waived" or (after.waiver and after.waiver.expires >= TODAY.isoformat()), after


def _baseline(content: bytes) -> None:
    entries = baseline.read(_written(content, "baseline.json"))
    ids = KnownIds(frozenset({"p"}), frozenset({"p"}), lambda one: one == "p")
    for one in baseline.apply(list(_assessments()), entries, ids, Path("baseline.json")):
        assert not one.baseline or baseline.entry_of(one) in entries


def _assessments() -> Iterator[Any]:
    for name in ("result", "waived"):
        row = json.loads(_result_seed())["assessments"][0]
        changed = {**row, "policy": "p", "stack": "s", "address": f"aws_x.{name}", "outcome": "fail", "waiver": None}
        content = json.dumps({"schema": "gate-result/1", "inputs": [], "assessments": [changed]}).encode()
        yield from parse_gate_result(content, "x").assessments


@functools.cache
def _result_seed() -> bytes:
    """A small result: the first rows of the one that the tests of the report are made with, by every outcome."""
    whole = json.loads((ROOT / "tests/compliance/data/gate-result.json").read_bytes())
    rows = {row["outcome"]: row for row in whole["assessments"]}
    whole["assessments"] = [rows[outcome] for outcome in sorted(rows)]
    whole["summary"] = dict.fromkeys(whole["summary"], 0) | dict.fromkeys(rows, 1)
    return json.dumps(whole).encode()


def _result(content: bytes) -> None:
    recorded = parse_gate_result(content, "gate-result.json")
    for one in recorded.assessments:
        assert (one.outcome == "waived") == (one.waiver is not None)
        assert one.fingerprint
    assert recorded.sha256 == hashlib.sha256(content).hexdigest()


@functools.cache
def _facts() -> Any:
    return requirements.load().facts


def _entity(content: bytes) -> None:
    found = entity.parse(content, "entity.yaml", _facts())
    for one in found.declarations:
        assert one.value is None or one.value in one.fact.values
    found.as_rows()


def _attestation(content: bytes) -> None:
    found = attestation.read(_written(content, "attestation.json"))
    assert found.time_verified.tzinfo is not None
    assert all(isinstance(digest, str) for digest in found.subjects.values())


@functools.cache
def _key() -> PrivateKey:
    return PrivateKey(Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"fuzz").digest()))


_PAYLOAD = b'{"_type": "x"}'


def _signature(content: bytes) -> None:
    """No other bytes than those that the key wrote are a signature of the payload."""
    found = signature.signature_in(content, "manifest.dsse.json", _PAYLOAD, _key().public.id)
    assert not _key().public.has_signed(_PAYLOAD, found) or content == _key().sign(_PAYLOAD)


def _public_key(content: bytes) -> None:
    assert len(signature.parse_public_key(content, "key.pem").id) == 64


def _private_key(content: bytes) -> None:
    assert signature.read_private_key(_written(content, "key.pem")).public.id


def _manifest(content: bytes) -> None:
    parse_manifest(content, "manifest.json")


def _fixtures() -> list[bytes]:
    every = sorted((ROOT / "tests/policies").glob("*/*/*.tf.json"))
    return [path.read_bytes() for path in every if path.stat().st_size < MAX_SEED_BYTES]


def _shown_seeds() -> list[bytes]:
    """Plans and states of the fixtures' resources, in the form of `terraform show -json`."""
    found = []
    for content in _fixtures()[::15]:
        resources = json.loads(content).get("resource", {})
        if not isinstance(resources, dict) or not all(isinstance(one, dict) for one in resources.values()):
            continue
        rows = [
            {"address": f"{type_}.{name}", "mode": "managed", "type": type_, "name": name, "values": body}
            for type_, named in resources.items()
            for name, body in named.items()
        ]
        found.append(json.dumps({"format_version": "1.0", "values": {"root_module": {"resources": rows}}}).encode())
        changes = [
            {**row, "change": {"actions": ["create"], "after": row["values"], "after_unknown": {"arn": True}}}
            for row in rows
        ]
        module = {"resources": [{**row, "expressions": {"arn": {"references": ["var.x"]}}} for row in rows]}
        plan = {
            "format_version": "1.2",
            "planned_values": {"root_module": {"resources": rows}},
            "resource_changes": changes,
            "configuration": {"provider_config": {"aws": {"name": "aws"}}, "root_module": module},
        }
        found.append(json.dumps(plan).encode())
    return found


def _baseline_seeds() -> list[bytes]:
    return [baseline.to_json(baseline.entries_of(_assessments())).encode()]


def _attestation_seeds() -> list[bytes]:
    digest = hashlib.sha256(b"").hexdigest()
    statement = {
        "_type": attestation.STATEMENT_TYPE,
        "subject": [{"name": "portal/cdk.tf.json", "digest": {"sha256": digest}}],
        "predicateType": attestation.PREDICATE_TYPE,
        "predicate": {
            "verifier": {"id": attestation.VERIFIER, "version": {"terraform": "1.11.4"}},
            "timeVerified": "2026-01-31T00:00:00Z",
            "resourceUri": "terraform:stack/portal?environment=development",
            "policy": {"digest": {"sha256": digest}, "annotations": {"waivers": {"name": "w", "sha256": digest}}},
            "verificationResult": "PASSED",
        },
    }
    return [json.dumps(statement).encode()]


def _manifest_seeds() -> list[bytes]:
    provenance = {"time": "2026-01-31T00:00:00Z", "time_source": "argument", "commit": None, "is_dirty": None}
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "index.html", "digest": {"sha256": hashlib.sha256(b"").hexdigest()}}],
        "predicateType": "urn:compliance:control-report-manifest:1",
        "predicate": {
            "provenance": {**provenance, "result_path": "gate-result.json", "entity_path": "entity.yaml"},
            "signer": {"keyid": _key().public.id, "publicKey": _key().public.pem},
        },
    }
    return [json.dumps(statement).encode()]


def _private_key_seeds() -> list[bytes]:
    """A key's DER in PEM, with nothing in it that is worth a look: it is made of the word fuzz."""
    der = bytes.fromhex("302e020100300506032b657004220420") + hashlib.sha256(b"fuzz").digest()
    mark = "PRIVATE KEY"
    return [f"-----BEGIN {mark}-----\n{base64.b64encode(der).decode()}\n-----END {mark}-----\n".encode()]


_IAM_SEEDS = (
    '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": "*"}}',
    '{"Statement": [{"Sid": "a", "Effect": "Deny", "NotAction": ["kms:Decrypt"], "NotResource": ["${aws_x.y.arn}/*"],'
    ' "NotPrincipal": {"AWS": ["arn:aws:iam::${var.account}:root"], "Service": "${each.value}"},'
    ' "Condition": {"StringEquals": {"aws:SourceArn": ["x", "$${aws:username}"]}}}]}',
)
_EXPRESSION_SEEDS = (
    "${aws_kms_key.logs[0].arn}-%{ if var.x }a%{ else }${local.b}%{ endif }$${no}",
    '${jsonencode({a = [for k, v in aws_x.y : v["z"] if v.q != ""], "b" = data.aws_z.w.*.id})}',
    "${<<-EOT\n  ${aws_x.y.z}\n  EOT\n}",
    '${provider::aws::arn_parse(module.m["k"].o).account}/* ${x */ # \n ${var.a ? 1 : 2e3}',
)
_HCL_WORDS = ("${", "%{", "$${", "}", "aws_x.y.z", "data.", "var.x", "each.value", "for a in", " if ", "<<E\n", '["k"]')
_JSON_WORDS = ('{"', '":', "[]", "{}", "null", "true", "\\u0000", "\\ud800", "1e999", "-0", "NaN")
_TERRAFORM_WORDS = (
    *("resource", "data", "module", "variable", "default", "locals", "provider", "alias", "default_tags", "terraform"),
    *("count", "for_each", "dynamic", "content", "iterator", "${each.value}", "${count.index}", "${var.x}"),
)
_PLAN_WORDS = (
    *("planned_values", "root_module", "child_modules", "resource_changes", "after_unknown", "configuration"),
    *("expressions", "references", "constant_value", "module_calls", "provider_config_key", "sensitive_values"),
)
_YAML_WORDS = ("- ", ": ", "&a ", "*a", "<<: ", "!!binary ", "? ", "2026-01-31", "|\n", "~", "0x", "!!set")

JUDGING = ("document", "shown")  # those that let every policy judge what they read
READERS = {
    "document": Reader(_document, lambda: _fixtures()[::25], (*_JSON_WORDS, *_HCL_WORDS, *_TERRAFORM_WORDS)),
    "shown": Reader(_shown, _shown_seeds, (*_JSON_WORDS, *_PLAN_WORDS)),
    "sources": Reader(_sources, lambda: [b'{"portal/a": {"file": "infra/x.py", "line": 1}}'], _JSON_WORDS),
    "expressions": Reader(_expressions, lambda: [one.encode() for one in _EXPRESSION_SEEDS], _HCL_WORDS),
    "iam": Reader(_iam, lambda: [one.encode() for one in _IAM_SEEDS], (*_JSON_WORDS, *_HCL_WORDS, "Statement")),
    "waivers": Reader(_waivers, lambda: [_waivers_seed()], (*_YAML_WORDS, "waivers:")),
    "baseline": Reader(_baseline, _baseline_seeds, _JSON_WORDS),
    "result": Reader(_result, lambda: [_result_seed()], _JSON_WORDS),
    "entity": Reader(_entity, lambda: [(ROOT / "entity.yaml").read_bytes()], _YAML_WORDS),
    "attestation": Reader(_attestation, _attestation_seeds, _JSON_WORDS),
    "signature": Reader(_signature, lambda: [_key().sign(_PAYLOAD)], _JSON_WORDS),
    "public-key": Reader(_public_key, lambda: [_key().public.pem.encode()]),
    "private-key": Reader(_private_key, _private_key_seeds),
    "manifest": Reader(_manifest, _manifest_seeds, _JSON_WORDS),
}


def _waivers_seed() -> bytes:
    """One waiver that holds, one with a pattern, one that is limited: against the findings of `_assessments`."""
    common = (
        "    reason: it is accepted for the while of a test\n    owner: a\n    ticket: T-1\n    created: 2026-01-01\n"
    )
    return (
        "waivers:\n"
        f"  - policy: p\n    stack: s\n    addresses: [aws_x.result]\n{common}    expires: 2026-02-28\n"
        f"  - policy: p\n    stack: [s, t]\n    addresses: ['aws_x.*']\n    matches: 2\n{common}"
        "    expires: 2026-02-01\n"
        f"  - policy: p\n    stack: s\n    addresses: [aws_x.waived]\n{common}    expires: 2026-01-30\n"
        "    environments: [development]\n    compensating_control: CCW-1\n"
    ).encode()
