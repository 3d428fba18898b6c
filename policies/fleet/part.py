"""What a worker makes of one input: the facts of the document, and its rows as they stand in the result.

As bytes a part is a digest over the rest, a line of JSON with the facts, and the compressed rows.
"""

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from policies.documents import Document, Kind
from policies.model import OUTCOMES, Assessment, Outcome, Source
from policies.result import BETWEEN, is_verdict, row

SCHEMA = "fleet-part/1"
_CHUNK_BYTES = 1024 * 1024
_COMPRESSION_LEVEL = 1  # rows repeat themselves: more effort takes longer than it saves

Names = Literal["document", "path"]  # a stack's name is what its document says, or the path of the input


@dataclass(frozen=True)
class Terms:
    """What the verdicts on an input hang on beside the input.

    `version` is the digest of everything of this project that decides verdicts, see `worker.version`; `policies` are
    the ids that the run is limited to, None when it is not.
    """

    version: str
    policies: tuple[str, ...] | None = None
    with_checkov: bool = False
    names: Names = "document"


@dataclass(frozen=True, slots=True)
class Facts:
    """One judged document: all that is held of it while the others are judged.

    `is_judged` says whether anything in it was, `counts` how many assessments ended how, in the order of OUTCOMES.
    """

    path: str
    kind: Kind
    stack: str
    sha256: str
    files: tuple[Path, ...]
    resource_count: int
    has_modules: bool
    is_judged: bool
    counts: tuple[int, ...]

    @property
    def summary(self) -> dict[Outcome, int]:
        """Outcome -> number of assessments."""
        return dict(zip(OUTCOMES, self.counts, strict=True))


@dataclass(frozen=True)
class Found:
    """How many resources a policy found wrong, or could not judge, in one document."""

    severity: str
    fail: int
    undetermined: int


@dataclass(frozen=True)
class Part:
    """A judged input. `content` is the digest of what was read, `rows` the compressed lines of the result."""

    terms: Terms
    content: str
    facts: Facts
    found: Mapping[str, Found]
    rows: bytes


def part(terms: Terms, content: str, document: Document, has_modules: bool, assessments: Sequence[Assessment]) -> Part:
    """The part of a document whose assessments, sorted, are these."""
    counts = [sum(one.outcome == outcome for one in assessments) for outcome in OUTCOMES]
    facts = Facts(
        document.path,
        document.kind,
        document.stack,
        document.sha256,
        document.files,
        document.resource_count,
        has_modules,
        any(map(is_verdict, assessments)),
        tuple(counts),
    )
    rows = zlib.compress(BETWEEN.join(map(row, assessments)).encode(), _COMPRESSION_LEVEL)
    return Part(terms, content, facts, found_by(assessments), rows)


def found_by(assessments: Iterable[Assessment]) -> dict[str, Found]:
    """Policy -> what it found, of those that found something."""
    counts: dict[str, list[Any]] = {}
    for one in assessments:
        if one.outcome in ("fail", "undetermined"):
            count = counts.setdefault(one.policy, [one.severity, 0, 0])
            count[1 if one.outcome == "fail" else 2] += 1
    return {policy: Found(*count) for policy, count in counts.items()}


def pack(judged: Part) -> bytes:
    """The part as bytes."""
    header = {
        "schema": SCHEMA,
        "terms": asdict(judged.terms),
        "content": judged.content,
        "facts": asdict(judged.facts) | {"files": [str(file) for file in judged.facts.files]},
        "found": {policy: asdict(found) for policy, found in judged.found.items()},
    }
    rest = json.dumps(header).encode() + b"\n" + judged.rows
    return hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest


def unpack(packed: bytes) -> Part | None:
    """The part in the bytes; None when they are not as `pack` made them."""
    digest, _, rest = packed.partition(b"\n")
    if hashlib.sha256(rest).hexdigest().encode() != digest:
        return None
    line, _, rows = rest.partition(b"\n")
    header = json.loads(line)
    if header["schema"] != SCHEMA:
        return None
    terms, facts = header["terms"], header["facts"]
    return Part(
        Terms(**terms | {"policies": None if terms["policies"] is None else tuple(terms["policies"])}),
        header["content"],
        Facts(**facts | {"files": tuple(map(Path, facts["files"])), "counts": tuple(facts["counts"])}),
        {policy: Found(**found) for policy, found in header["found"].items()},
        rows,
    )


def chunks(rows: bytes) -> Iterator[bytes]:
    """The lines of the result, piece by piece, so that those of a large stack are never held whole."""
    unpacked = zlib.decompressobj()
    while rows:
        yield unpacked.decompress(rows, _CHUNK_BYTES)
        rows = unpacked.unconsumed_tail
    yield unpacked.flush()


def assessments(rows: bytes) -> list[Assessment]:
    """The assessments that the rows were made of."""
    return [_assessment(one) for one in json.loads(b"[" + zlib.decompress(rows) + b"]")]


def _assessment(written: dict[str, Any]) -> Assessment:
    del written["fingerprint"]
    source = written["source"]
    return Assessment(
        **written
        | {"requirements": tuple(written["requirements"]), "source": Source(**source) if source is not None else None}
    )
