"""The manifest of a report: the digest of each file, and what the whole was made from.

It is an in-toto Statement (v1). Its subjects are the files of the report's folder, the gate's result among them; its
predicate says how to make them again:

standard     {name, version}
provenance   the fields of compliance.provenance.Provenance
inputs       [{path, kind, stack, sha256}]: what the gate judged
conditions   what its verdicts hang on besides (gate-result/1), or null when the result does not say
tools        {name: version}: who judged; that of `policies` is a digest over all policies
signer       {keyid, publicKey} of the key that signs it, or null: then anybody could have written it
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from compliance.control_report import ControlReport
from compliance.json_reader import Reader
from compliance.provenance import TIME_SOURCES, Provenance, in_utc
from compliance.requirements import STANDARD, VERSION
from compliance.signature import PublicKey, parse_public_key
from policies import strict_json
from policies.errors import InputError

MANIFEST = "manifest.json"
ENVELOPE = "manifest.dsse.json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:compliance:control-report-manifest:1"


@dataclass(frozen=True)
class Manifest:
    """What a reader needs of a manifest; `subjects` maps names to SHA-256 digests."""

    subjects: Mapping[str, str]
    provenance: Provenance
    signer: PublicKey | None


def render_manifest(report: ControlReport, files: Mapping[str, bytes], signer: PublicKey | None) -> bytes:
    """The manifest of `files`, the forms of `report`, as JSON in ASCII."""
    result = report.result
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": sha256(files[name])}} for name in sorted(files)],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "standard": {"name": STANDARD, "version": VERSION},
            "provenance": asdict(report.provenance),
            "inputs": [asdict(row) for row in result.inputs],
            "conditions": result.recorded_conditions,
            "tools": dict(result.tools),
            "signer": None if signer is None else {"keyid": signer.id, "publicKey": signer.pem},
        },
    }
    return (json.dumps(statement, indent=1) + "\n").encode("ascii")


def parse_manifest(content: bytes, name: str) -> Manifest:
    """The manifest in `content`. Raises InputError, which `name` begins, for anything else."""
    statement = Reader.of(content, name)
    types = (statement.text("_type"), statement.text("predicateType"))
    if types != (STATEMENT_TYPE, PREDICATE_TYPE):
        raise statement.refusal(f"not the manifest of a control report but {types[0]!r} about {types[1]!r}")
    rows = statement.rows("subject")
    subjects = {row.text("name"): row.needed("digest").text("sha256") for row in rows}
    if len(subjects) != len(rows):
        raise statement.refusal("two subjects of one name")
    predicate = statement.needed("predicate")
    signer = predicate.row("signer")
    key = None if signer is None else parse_public_key(signer.text("publicKey").encode(), f"{signer.place}: publicKey")
    return Manifest(subjects, _provenance(predicate.needed("provenance")), key)


def earlier_files(folder: Path) -> tuple[str, ...]:
    """Names of the files that the manifest in `folder` says are a report's; none when there is no such manifest."""
    try:
        return (MANIFEST, ENVELOPE, *parse_manifest(strict_json.read(folder / MANIFEST)[0], MANIFEST).subjects)
    except InputError:
        return ()


def sha256(content: bytes) -> str:
    """The digest of a file's bytes, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _provenance(row: Reader) -> Provenance:
    names = [field.name for field in fields(Provenance)]
    if sorted(row.fields) != sorted(names):
        raise row.refusal(f"expected the keys {', '.join(names)}")
    is_dirty = row.fields["is_dirty"]
    if not (is_dirty is None or isinstance(is_dirty, bool)):
        raise row.refusal("is_dirty is neither true nor false")
    source: Any = row.fields["time_source"] and row.word("time_source", TIME_SOURCES)
    return Provenance(
        time=row.fields["time"] and in_utc(row.text("time")),
        time_source=source,
        commit=row.fields["commit"] and row.text("commit"),
        is_dirty=is_dirty,
        result_path=row.text("result_path"),
        entity_path=row.fields["entity_path"] and row.text("entity_path"),
    )
