"""A gate result in which every string is an attack, and the report on it."""

from pathlib import Path

from compliance.control_report import ControlReport, control_report
from compliance.requirements import load
from tests.compliance import gate_results as make

HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)> \"'` | ${x} {{7*7}} {% raw %} \r\n# heading\n"
    "| cell | [link](javascript:alert(3)) **bold** <!-- \u202egnp.exe\u2066 \x00\x1b[31m\x7f \ufeff\u200b \ud7ff"
    " \u2028 שלום عليكم " + "A" * 10_000
)


def hostile_report(folder: Path, value: str = HOSTILE) -> ControlReport:
    """The report on a result whose every string, wherever a result can hold one, is `value`."""
    waiver = {"policy": value, "reason": value, "owner": value, "expires": value, "ticket": value}
    strings = dict.fromkeys(("stack", "attribute", "message", "remediation", "construct_path"), value)
    other = {"observed": {value: [value]}, "source": {"file": value, "line": 1}}
    rows = [
        make.row("required-tags", "fail", value, **strings, **other),
        make.row("imdsv2-required", "undetermined", value, **strings, **other),
        make.row("encrypted-with-kms", "waived", value, **strings, **other, waiver=waiver),
        make.row("modules-are-judged", "undetermined", value, **strings, **other),
        make.row(value, "pass", value, **strings, **other),
    ]
    content = make.document(
        *rows,
        inputs=[dict.fromkeys(("path", "kind", "stack", "sha256"), value)],
        tools={value: value},
        conditions={
            "today": "2026-11-22",
            "environment": value,
            "waivers": {"path": value, "sha256": value},
            "policies": [value],
        },
        validation=[{"stack": value, "outcome": "fail", "terraform": value, "message": value}],
    )
    return control_report(make.read(folder, content), load(), [make.policy("required-tags", value)], make.ORIGIN)
