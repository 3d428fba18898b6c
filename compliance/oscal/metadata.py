"""The head of each document."""

from typing import Any

from compliance.control_report import ControlReport
from compliance.oscal.names import identifier
from compliance.oscal.text import markup, string
from compliance.requirements import STANDARD, VERSION

OSCAL_VERSION = "1.2.1"
# OSCAL demands times. A report made without one says so, and carries this one: no clock is read, so that two runs
# give the same bytes, and no reader takes it for a real time.
NO_TIME = "1970-01-01T00:00:00Z"
NO_TIME_REMARK = (
    f"No time was given, and there is no commit to take one from: {NO_TIME} stands wherever OSCAL demands a time."
)


def time_of(report: ControlReport) -> str:
    """The time of the report, or the constant that stands for none."""
    return report.provenance.time or NO_TIME


def metadata(report: ControlReport, subject: str, remarks: str = "") -> dict[str, Any]:
    """Title, time and versions of the document about `subject`."""
    said = [remarks] if remarks else []
    if report.provenance.time is None:
        said.append(NO_TIME_REMARK)
    head: dict[str, Any] = {
        "title": markup(f"{STANDARD} {VERSION}: {subject}"),
        "last-modified": time_of(report),
        "version": string(report.provenance.commit or VERSION),
        "oscal-version": OSCAL_VERSION,
        "document-ids": [{"identifier": identifier("document-id", subject)}],
    }
    if said:
        head["remarks"] = markup(" ".join(said))
    return head
