"""The profile: the requirements of the catalog that something can be assessed against, all of them."""

from typing import Any

from compliance.control_report import ControlReport
from compliance.oscal.metadata import metadata
from compliance.oscal.names import CATALOG, control_id, revision
from compliance.oscal.text import string


def profile(report: ControlReport) -> dict[str, Any]:
    """The document. It holds what the entity declares, but drops no requirement for it before an assessor agrees."""
    controls = [control_id(row.requirement.id) for row in report.requirements]
    answers = [
        {"param-id": one.fact.id, "values": [string(one.text)]}
        for one in report.entity.declarations
        if one.value is not None and not one.refuted_by
    ]
    body = {
        "metadata": metadata(report, "every requirement"),
        "imports": [{"href": CATALOG, "include-controls": [{"with-ids": controls}]}],
        "merge": {"as-is": True},
        **({"modify": {"set-parameters": answers}} if answers else {}),
    }
    return {"profile": {"uuid": revision(body), **body}}
