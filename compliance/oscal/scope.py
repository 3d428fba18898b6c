"""What is assessed: the stacks, and the requirements that something was, or can be, judged against."""

from collections.abc import Collection
from typing import Any

from compliance.control_report import ControlReport
from compliance.oscal.names import control_id


def stacks(report: ControlReport) -> tuple[str, ...]:
    """Every stack that an input or an assessment names; an assessment may name the empty one."""
    return tuple(sorted({*report.stacks, *(row.stack for row in report.result.assessments)}))


def reviewed_controls(report: ControlReport, requirements: Collection[str], description: str) -> dict[str, Any]:
    """A selection of `requirements`. OSCAL cannot select nothing: then it is everything, with everything excluded."""
    if requirements:
        return {"control-selections": [{"description": description, "include-controls": _selected(requirements)}]}
    everything = _selected([row.requirement.id for row in report.requirements])
    return {
        "control-selections": [{"description": description, "include-all": {}, "exclude-controls": everything}],
    }


def _selected(requirements: Collection[str]) -> list[dict[str, str]]:
    return [{"control-id": control_id(id_)} for id_ in requirements]
