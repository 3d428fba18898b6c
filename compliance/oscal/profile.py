"""The profile: the requirements of the catalog that something can be assessed against, all of them."""

from typing import Any

from compliance.control_report import ControlReport
from compliance.oscal.metadata import metadata
from compliance.oscal.names import CATALOG, control_id, revision


def profile(report: ControlReport) -> dict[str, Any]:
    """The document. It leaves the parameter entity-type open: no requirement is dropped before an assessor agrees."""
    controls = [control_id(row.requirement.id) for row in report.requirements]
    body = {
        "metadata": metadata(report, "every requirement"),
        "imports": [{"href": CATALOG, "include-controls": [{"with-ids": controls}]}],
        "merge": {"as-is": True},
    }
    return {"profile": {"uuid": revision(body), **body}}
