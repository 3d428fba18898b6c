"""The control report as five OSCAL documents: catalog, profile, component definition, plan and results.

They are plain dictionaries written as JSON: no library of models is needed to make them. The tests validate them
with compliance-trestle; `compliance.oscal.references` finds what a schema cannot, references that lead nowhere.
"""

import json
from collections.abc import Callable
from typing import Any

from compliance.control_report import ControlReport
from compliance.oscal.assessment_plan import assessment_plan
from compliance.oscal.assessment_results import assessment_results
from compliance.oscal.catalog import catalog
from compliance.oscal.component_definition import component_definition
from compliance.oscal.names import (
    ASSESSMENT_PLAN,
    ASSESSMENT_RESULTS,
    CATALOG,
    COMPONENT_DEFINITION,
    FOLDER,
    PROFILE,
)
from compliance.oscal.profile import profile

MAKERS: dict[str, Callable[[ControlReport], dict[str, Any]]] = {
    CATALOG: catalog,
    PROFILE: profile,
    COMPONENT_DEFINITION: component_definition,
    ASSESSMENT_PLAN: assessment_plan,
    ASSESSMENT_RESULTS: assessment_results,
}


def documents(report: ControlReport) -> dict[str, str]:
    """The documents by file name (`oscal/catalog.json`), as JSON text in ASCII with a line break at the end."""
    return {
        FOLDER + name: json.dumps(make(report), indent=1, ensure_ascii=True) + "\n" for name, make in MAKERS.items()
    }
