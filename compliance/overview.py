"""What a reader wants to know before the first requirement, counted once for every form of the report."""

from collections.abc import Mapping
from dataclasses import dataclass

from compliance.control_report import ControlReport, component_type, count
from compliance.requirements import STANDARD, VERSION
from policies.model import Assessment, Outcome, Waiver
from policies.result import Validation


@dataclass(frozen=True)
class System:
    """One judged stack: its resources by component type (those that some policy or check judged), and how they fare."""

    stack: str
    components: Mapping[str, int]
    outcomes: Mapping[Outcome, int]
    validation: tuple[Validation, ...]

    @property
    def resources(self) -> int:
        """How many resources were judged."""
        return sum(self.components.values())


@dataclass(frozen=True)
class WaiverEnd:
    """What ends on one day: `expires` as the waivers write it, and the requirements that their findings bear on."""

    expires: str
    waivers: int
    findings: int
    requirements: tuple[str, ...]


def claims(report: ControlReport) -> tuple[str, ...]:
    """What the report does claim; control_report.LIMITS says what it does not."""
    return (
        "Populations are complete: nothing was sampled, and what could not be seen is named.",
        "Each item of evidence names the policy, its version, the resources and the documents, so that it can be"
        " made again.",
        f"All {len(report.requirements)} requirements of {STANDARD} {VERSION} are listed, with or without evidence.",
    )


def systems(report: ControlReport) -> tuple[System, ...]:
    """The judged stacks by name."""
    rows: dict[str, list[Assessment]] = {stack: [] for stack in report.stacks}
    for row in report.result.assessments:
        if row.stack in rows:
            rows[row.stack].append(row)
    return tuple(
        System(
            stack=stack,
            components=_components(rows[stack]),
            outcomes=count(rows[stack]),
            validation=tuple(row for row in report.result.validation if row.stack == stack),
        )
        for stack in report.stacks
    )


def waivers(report: ControlReport) -> tuple[tuple[Waiver, tuple[Assessment, ...]], ...]:
    """Each waiver with the findings of one policy that it covers; those that end first come first."""
    covered: dict[tuple[str, str, str, str], tuple[Waiver, list[Assessment]]] = {}
    for row in report.waived:
        if row.waiver:
            place = f"{row.waiver.place.file}:{row.waiver.place.line:09}"
            key = (row.waiver.expires, row.policy, place, row.waiver.reason)
            covered.setdefault(key, (row.waiver, []))[1].append(row)
    return tuple((waiver, tuple(rows)) for _, (waiver, rows) in sorted(covered.items(), key=lambda pair: pair[0]))


def waiver_ends(report: ControlReport) -> tuple[WaiverEnd, ...]:
    """When waivers end, the first day first."""
    bearing: dict[str, list[str]] = {}
    for requirement in report.requirements:
        for row in requirement.findings:
            if row.waiver:
                bearing.setdefault(row.waiver.expires, []).append(requirement.requirement.id)
    ends: dict[str, list[tuple[Assessment, ...]]] = {}
    for waiver, rows in waivers(report):
        ends.setdefault(waiver.expires, []).append(rows)
    return tuple(
        WaiverEnd(expires, len(groups), sum(map(len, groups)), tuple(dict.fromkeys(bearing.get(expires, ()))))
        for expires, groups in sorted(ends.items())
    )


def _components(rows: list[Assessment]) -> dict[str, int]:
    addresses = {row.address for row in rows if row.address}
    types: dict[str, int] = {}
    for address in sorted(addresses):
        types[component_type(address)] = types.get(component_type(address), 0) + 1
    return dict(sorted(types.items()))
