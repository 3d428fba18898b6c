"""Builds small gate results, and the policies and standard they are judged against."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from compliance import landscape
from compliance.control_report import ControlReport, RequirementReport, control_report
from compliance.landscape import Landscape
from compliance.landscape.inventories import Inventory
from compliance.provenance import Provenance
from compliance.requirements import Edge, Framework, Group, Requirement, Unclaimed
from policies.model import Finding, Policy
from policies.recorded_result import RecordedResult, read_gate_result

SAMPLE = Path(__file__).parent / "data" / "gate-result.json"
ORIGIN = Provenance("2026-11-22T06:00:00Z", "argument", "0" * 40, False, "build/report/gate-result.json")
WAIVER = {"policy": "door-is-locked", "reason": "a guard stands there", "owner": "jo", "expires": "2027-01-01"}


def judge(resource: Any, graph: Any) -> Iterator[Finding]:
    """A door that anybody can open protects nothing."""
    yield from ()


def policy(id_: str, title: str = "The door is locked") -> Policy:
    return Policy(id_, title, "Lock it.", "high", ("aws_door",), judge)


def row(policy_id: str, outcome: str, address: str = "aws_door.front", **changes: Any) -> dict[str, Any]:
    """One assessment as the gate writes it."""
    assessment = {
        "policy": policy_id,
        "engine": "checkov" if policy_id.startswith("CKV") else "policies",
        "stack": "portal",
        "address": "" if outcome == "not-applicable" else address,
        "outcome": outcome,
        "severity": "high",
        "attribute": "lock",
        "observed": None,
        "message": "the lock",
        "remediation": "Lock it.",
        "construct_path": None,
        "source": {"file": "infra/doors.py", "line": 3},
        "requirements": [],
        "waiver": WAIVER if outcome == "waived" else None,
        "fingerprint": "",
    }
    return assessment | changes


def document(*rows: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A gate result with these assessments."""
    inputs = [{"path": "cdk.tf.json", "kind": "synth", "stack": "portal", "sha256": "0" * 64}]
    return {"schema": "gate-result/1", "inputs": inputs, "assessments": list(rows)} | changes


def read(folder: Path, content: dict[str, Any]) -> RecordedResult:
    file = folder / "gate-result.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return read_gate_result(file)


def framework(*edges: Edge, unclaimed: tuple[Unclaimed, ...] = (), **requirement: Any) -> Framework:
    """A standard of two requirements: 2.2.6, described as `requirement` says, and 2.2.7, not described."""
    words = {"paraphrase": "Doors are locked.", "extent": "full", "owner": "entity", "manual": "The keys."}
    return Framework(
        identifiers=("2.2", "2.2.6", "2.2.7"),
        groups=(Group("2", "Doors", "entity"),),
        sections={"2.2": "Doors and windows"},
        described=(Requirement(**{"id": "2.2.6", **words, **requirement}),),
        edges=edges,
        unclaimed=unclaimed,
        checks={"CKV_AWS_79": "Doors have locks"},
    )


def edge(*policies: str, extent: Any = "full", checks: tuple[str, ...] = ()) -> Edge:
    return Edge("2.2.6", policies, checks, extent, "own rationale", "Doors only.")


def shown_edge(*artefacts: str) -> Edge:
    return Edge("2.2.6", (), (), "supporting", "own rationale", "A list is no lock.", artefacts)


def landscape_with(*rows: tuple[str, ...]) -> Landscape:
    """What a report draws where the inventory of keys has these rows, and nothing else is listed."""
    return Landscape((Inventory("keys", "4.2.1.1", "Keys", "Spare keys are not listed.", ("key",), rows),), (), ())


def report(
    folder: Path, standard: Framework, *rows: dict[str, Any], drawn: Landscape = landscape.NOTHING
) -> ControlReport:
    catalogue = [policy("door-is-locked"), policy("window-is-shut")]
    return control_report(read(folder, document(*rows)), standard, catalogue, ORIGIN, drawn=drawn)


def requirement_of(result: ControlReport, id_: str = "2.2.6") -> RequirementReport:
    return next(row for row in result.requirements if row.requirement.id == id_)
