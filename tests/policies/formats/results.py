"""Small gate results for the tests of the formats: real documents, assessments made by hand, and hostile strings."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from policies import documents
from policies.formats import FORMATS, Presentation
from policies.model import Assessment, Source, Waiver
from policies.result import Conditions, GateResult, Validation, gate_result
from tests.policies.conftest import write

TODAY = "2026-11-22"
HOSTILE = {
    "line breaks": "a\nb\r\nc\u2028d",
    "workflow command": "%0A::error::forged\n::stop-commands::x",
    "percent": "100%25 %",
    "ANSI": "\x1b[2J\x1b[31mred\x1b]0;title\x07",
    "illegal in XML": "\x00\x01\x0b\ufffe\uffff",
    "a lone surrogate": "x\ud800y\udfff",
    "bidirectional": "\u202etxt.exe\u2066",
    "markup": "<script>alert(1)</script>]]>&amp;\"'",
    "Markdown": "| a | `b` | [c](javascript:x) ![d](https://e) **f** #g",
    "long": "x" * 10_000,
}


def assessment(**changes: Any) -> Assessment:
    made: dict[str, Any] = {
        "policy": "imdsv2-required",
        "engine": "policies",
        "stack": "portal",
        "address": "aws_launch_template.web",
        "outcome": "fail",
        "severity": "high",
        "attribute": "metadata_options.http_tokens",
        "observed": None,
        "message": "IMDSv1 is answered",
        "remediation": "Require tokens.",
        "construct_path": "portal/compute/web",
        "source": Source("infra/compute.py", 41),
        "requirements": ("2.2.6",),
    }
    return Assessment(**{**made, **changes})


def waiver(**changes: Any) -> Waiver:
    made: dict[str, Any] = {
        "policy": "imdsv2-required",
        "stack": "portal",
        "addresses": ("aws_launch_template.web",),
        "reason": "An appliance that knows IMDSv1 only.",
        "owner": "platform-team",
        "ticket": "PORTAL-1",
        "created": "2026-11-01",
        "expires": "2026-12-10",
        "place": Source("waivers.yaml", 4),
    }
    return Waiver(**{**made, **changes})


def result(folder: Path, *assessments: Assessment, stack: str = "portal", **changes: Any) -> GateResult:
    """A result about one real document of the folder, in which `web` stands on line 4."""
    stack_folder = folder / "stack"
    lines = ["{", ' "resource": {', '  "aws_launch_template": {', '   "web": {"name": "web"}', "  }", " }", "}", ""]
    write(stack_folder / "cdk.tf.json", "\n".join(lines))
    [document] = documents.read([stack_folder], stack)
    made = gate_result([document], assessments, (), {"policies": "0" * 64}, None, Conditions(TODAY, "development"))
    return replace(made, **changes)


def hostile_result(folder: Path, text: str) -> GateResult:
    """The string wherever a stranger's could stand."""
    made = {
        "policy": text,
        "stack": text,
        "address": text,
        "attribute": text,
        "observed": {text: text},
        "message": text,
        "remediation": text,
        "construct_path": text,
        "source": Source(text, 3),
        "requirements": (text,),
    }
    accepted = waiver(reason=text, owner=text, ticket=text, stack=text, policy=text, place=Source(text, 1))
    rows = [
        assessment(**made),
        assessment(**{**made, "source": None, "outcome": "undetermined", "engine": "checkov"}),
        assessment(**{**made, "outcome": "waived", "waiver": accepted}),
        assessment(**{**made, "outcome": "not-applicable", "address": ""}),
        assessment(**{**made, "outcome": "pass"}),
    ]
    validation = (Validation(text, "fail", "1.11.4", text), Validation(text, "not-run", None, text))
    tools = {"checkov": "3.3.0", "policies": "0" * 64}
    return result(folder, *rows, stack=text, validation=validation, tools=tools)


def written(kind: str, made: GateResult, exit_code: int = 1) -> str:
    return FORMATS[kind].write(made, Presentation(exit_code))
