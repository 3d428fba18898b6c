"""OCSF 1.6.0, as far as a Compliance Finding of ours goes, as a JSON schema.

Written from the public definition (github.com/ocsf/ocsf-schema: base_event, finding, compliance_finding and the objects
they hold): names, types, which are required, which values the enumerations have, and that a caption goes with its
number. Stricter than OCSF in one way: an attribute that is not listed here is refused.
"""

from typing import Any

TEXT = {"type": "string", "minLength": 1}
TEXTS = {"type": "array", "items": TEXT, "minItems": 1}
TIMESTAMP = {"type": "integer", "minimum": 0}


def _object(required: str, **attributes: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required.split(),
        "properties": attributes,
        "additionalProperties": False,
    }


def _captioned(number: str, caption: str, pairs: dict[int, str | None]) -> dict[str, Any]:
    """A number and its caption; None is the caption of a number that leaves the word to the source."""
    return {
        "oneOf": [
            {"properties": {number: {"const": value}, caption: {"const": word} if word else TEXT}}
            for value, word in pairs.items()
        ]
    }


SEVERITIES: dict[int, str | None] = {
    0: "Unknown",
    1: "Informational",
    2: "Low",
    3: "Medium",
    4: "High",
    5: "Critical",
    6: "Fatal",
    99: None,
}
FINDING_STATUS: dict[int, str | None] = {
    0: "Unknown",
    1: "New",
    2: "In Progress",
    3: "Suppressed",
    4: "Resolved",
    5: "Archived",
    6: "Deleted",
    99: None,
}
COMPLIANCE_STATUS: dict[int, str | None] = {0: "Unknown", 1: "Pass", 2: "Warning", 3: "Fail", 99: None}

PRODUCT = _object("name vendor_name", name=TEXT, vendor_name=TEXT, feature=_object("name", name=TEXT))
METADATA = _object("version product", version={"const": "1.6.0"}, product=PRODUCT, uid=TEXT)
ANALYTIC = _object("type_id uid", type_id={"const": 1}, type={"const": "Rule"}, uid=TEXT, name=TEXT, version=TEXT)
FINDING_INFO = _object("uid", uid=TEXT, title=TEXT, analytic=ANALYTIC)
COMPLIANCE = _object(
    "status_id status",
    control=TEXT,
    standards=TEXTS,
    requirements=TEXTS,
    status_id={"type": "integer"},
    status=TEXT,
    status_code=TEXT,
    status_details=TEXTS,
) | _captioned("status_id", "status", COMPLIANCE_STATUS)
RESOURCE = _object("uid name", uid=TEXT, name=TEXT, type=TEXT, namespace=TEXT)
REMEDIATION = _object("desc", desc=TEXT)

EVENT = _object(
    "activity_id category_uid class_uid compliance finding_info metadata severity_id time type_uid",
    activity_id={"const": 1},
    activity_name={"const": "Create"},
    category_uid={"const": 2},
    category_name={"const": "Findings"},
    class_uid={"const": 2003},
    class_name={"const": "Compliance Finding"},
    type_uid={"const": 200301},
    time=TIMESTAMP,
    severity_id={"type": "integer"},
    severity=TEXT,
    status_id={"type": "integer"},
    status=TEXT,
    message=TEXT,
    metadata=METADATA,
    finding_info=FINDING_INFO,
    compliance=COMPLIANCE,
    resources={"type": "array", "items": RESOURCE, "minItems": 1},
    remediation=REMEDIATION,
    unmapped={"type": "object"},
) | {"allOf": [_captioned("severity_id", "severity", SEVERITIES), _captioned("status_id", "status", FINDING_STATUS)]}
