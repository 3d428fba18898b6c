"""The two tools that judge, as the documents name them."""

from typing import get_args

from compliance.control_report import ControlReport, Evidence
from policies.model import Engine

ENGINES: tuple[Engine, ...] = get_args(Engine)
TITLES: dict[Engine, str] = {"policies": "Policies of this repository", "checkov": "Checkov"}
DESCRIPTIONS: dict[Engine, str] = {
    "policies": "Judges the resource graph of Terraform JSON; each policy is one claim, and names what it saw.",
    "checkov": "An open-source scanner of infrastructure code; its checks judge the same Terraform JSON.",
}


def version_of(report: ControlReport, engine: Engine) -> str:
    """The version that judged: a digest for our policies, a release for Checkov."""
    return report.result.tools.get(engine, "not recorded")


def mapped_evidence(report: ControlReport, engine: Engine) -> tuple[Evidence, ...]:
    """The policies or checks of `engine` that some edge names, each once, by id."""
    return tuple(
        one for one in report.evidence.values() if one.engine == engine and one.id in report.requirements_by_evidence
    )
