"""Joins assessments and requirements into one value, the control report. Pure: no file, no clock."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from compliance import landscape
from compliance.entity import Consequences, EntityFacts, unknown
from compliance.landscape import Landscape
from compliance.provenance import Provenance
from compliance.requirements import Edge, Framework, Group, Requirement, Unclaimed
from compliance.verdict import EXTENTS, VERDICTS, Extent, Facts, Verdict, decide
from policies.engine import UNASKED
from policies.model import OUTCOMES, Assessment, Engine, Outcome, Policy
from policies.recorded_result import Input, RecordedResult
from policies.resources import without_keys

# What every reader has to know before the first number; printed on top of each form of the report.
LIMITS = (
    "It judges configuration as written. It does not show that this configuration is deployed, nor that the"
    " running systems still equal it.",
    "It states what the evidence says. Whether a requirement is met is the assessor's finding; the columns"
    " for finding and comment are left empty for it.",
    "A waiver is a finding that somebody accepted. It is not a pass, and not a compensating control.",
    "Paraphrases are our own and no substitute for the text of the standard.",
)

# Every item of evidence is made by reading configuration; nobody was interviewed, nothing that runs was observed.
METHOD = "examine"
# What each kind of input cannot show, whatever was found in it.
KIND_LIMITS: Mapping[str, str] = {
    "synth": "Shows the configuration as synthesized; does not show deployment.",
    "plan": "Shows what Terraform planned; does not show that it was applied.",
    "state": "Shows the state that Terraform recorded; does not show that the running systems still equal it.",
}
GAP_LIMIT = "Some resources could not be seen, so the population may be larger; the report names what is missing."


@dataclass(frozen=True)
class Evidence:
    """Everything one policy or Checkov check said: its assessments, and so its population.

    `digest` is the SHA-256 of the policy's source, empty for a Checkov check (the tool's version names it).
    """

    id: str
    engine: Engine
    title: str
    rationale: str
    digest: str
    assessments: tuple[Assessment, ...]

    @cached_property
    def judged(self) -> tuple[Assessment, ...]:
        """Assessments of a resource; "found nothing" rows are not among them."""
        return tuple(row for row in self.assessments if row.outcome != "not-applicable")

    @cached_property
    def counts(self) -> Mapping[Outcome, int]:
        """How many assessments had which outcome."""
        return count(self.assessments)

    @property
    def found_none(self) -> bool:
        """The policy ran and says itself that there is no resource for it to judge."""
        return bool(self.assessments) and not self.judged

    @property
    def population(self) -> Mapping[str, tuple[str, ...]]:
        """Addresses of the judged resources, by stack."""
        return _population(self.judged)


@dataclass(frozen=True)
class EdgeReport:
    """One mapping edge with what its policies and checks said, and those of its artefacts that the report has."""

    edge: Edge
    evidence: tuple[Evidence, ...]
    artefacts: tuple[str, ...] = ()

    @property
    def judged(self) -> tuple[Assessment, ...]:
        """Assessments of all its policies and checks."""
        return tuple(row for evidence in self.evidence for row in evidence.judged)


@dataclass(frozen=True)
class ComponentPopulation:
    """The resources of one component type (Terraform resource type) that an item of evidence is about, by stack."""

    type: str
    addresses: Mapping[str, tuple[str, ...]]

    @property
    def count(self) -> int:
        """How many resources there are in all stacks."""
        return sum(len(addresses) for addresses in self.addresses.values())


@dataclass(frozen=True)
class EvidenceItem:
    """What one policy or Checkov check shows for one requirement, complete enough to be examined by itself.

    `edges` are all that map the one to the other, `inputs` the documents it was found in, `tools` the versions of
    the tools of the run; `is_complete` says that every resource of the inputs could be seen. The population is tested
    resources and exclusions together, nothing else.
    """

    requirement: str
    evidence: Evidence
    edges: tuple[Edge, ...]
    inputs: tuple[Input, ...]
    tools: Mapping[str, str]
    is_complete: bool

    @property
    def id(self) -> str:
        """Names the item in working papers: the same in every run, and unique in a report."""
        return f"E-{self.requirement}-{self.evidence.id}"

    @property
    def version(self) -> str:
        """Which version judged: the digest of the policy's source, or Checkov's release."""
        if self.evidence.engine == "checkov":
            return f"Checkov {self.tools.get('checkov', '(version not recorded)')}"
        return f"sha256:{self.evidence.digest}" if self.evidence.digest else "not recorded"

    @property
    def extent(self) -> Extent:
        """How far the evidence reaches: the furthest of its edges."""
        return max((edge.extent for edge in self.edges), key=EXTENTS.index)

    @cached_property
    def population(self) -> tuple[ComponentPopulation, ...]:
        """Every resource that the policy or check looked at, by component type; complete, nothing is sampled."""
        by_type: dict[str, dict[str, set[str]]] = {}
        for row in self._rows:
            by_type.setdefault(component_type(row.address), {}).setdefault(row.stack, set()).add(row.address)
        return tuple(
            ComponentPopulation(type_, {stack: tuple(sorted(stacks[stack])) for stack in sorted(stacks)})
            for type_, stacks in sorted(by_type.items())
        )

    @property
    def population_count(self) -> int:
        """How many resources the population has."""
        return sum(component.count for component in self.population)

    @property
    def population_made(self) -> str:
        """How the list came about, and where it was not made."""
        if not self.evidence.assessments:
            return "There is no list: the result holds nothing of it, so it did not run or found no resource."
        whole = f"the whole of {len(self.inputs)} input{'' if len(self.inputs) == 1 else 's'}"
        if self.evidence.engine == "checkov":
            return f"Every resource in {whole} that the check has an opinion on, as Checkov lists them."
        made = f"Every resource in {whole} that is of a type the policy applies to; none was selected or left out."
        unasked = sorted({row.stack for row in self.absences if row.message == UNASKED})
        return made if not unasked else f"{made} Except in {', '.join(unasked)}: {UNASKED}."

    @cached_property
    def tested(self) -> tuple[Assessment, ...]:
        """Resources with an answer: pass or fail."""
        return tuple(row for row in self._rows if row.outcome in ("pass", "fail"))

    @cached_property
    def exclusions(self) -> tuple[Assessment, ...]:
        """Resources of the population without an answer: waived, undetermined, or not concerned by the claim."""
        return tuple(row for row in self._rows if row.outcome not in ("pass", "fail"))

    @cached_property
    def absences(self) -> tuple[Assessment, ...]:
        """Stacks without any resource to judge: a failure where a specification asks for one."""
        return tuple(row for row in self.evidence.assessments if not row.address)

    @property
    def counts(self) -> Mapping[Outcome, int]:
        """How many assessments had which outcome, absences included."""
        return self.evidence.counts

    @property
    def limits(self) -> tuple[str, ...]:
        """What the item does not show: the notes of its edges, then what its kinds of input cannot show."""
        notes = dict.fromkeys(edge.note for edge in self.edges if edge.note)
        kinds = dict.fromkeys(one.kind for one in self.inputs)
        unseen = () if self.is_complete else (GAP_LIMIT,)
        return (*notes, *unseen, *(KIND_LIMITS[kind] for kind in kinds if kind in KIND_LIMITS))

    @property
    def _rows(self) -> Iterator[Assessment]:
        return (row for row in self.evidence.assessments if row.address)


@dataclass(frozen=True)
class RequirementReport:
    """One requirement, what the evidence says about it, and that evidence, by edge and as items."""

    requirement: Requirement
    verdict: Verdict
    reason: str
    edges: tuple[EdgeReport, ...]
    evidence_items: tuple[EvidenceItem, ...] = ()

    @cached_property
    def judged(self) -> tuple[Assessment, ...]:
        """Assessments that bear on it, each once, though several edges may name the same policy."""
        by_id = {evidence.id: evidence for edge in self.edges for evidence in edge.evidence}
        return tuple(row for id_ in sorted(by_id) for row in by_id[id_].judged)

    @cached_property
    def counts(self) -> Mapping[Outcome, int]:
        """How many of them had which outcome."""
        return count(self.judged)

    @property
    def findings(self) -> tuple[Assessment, ...]:
        """Assessments that failed, are undetermined, or were waived."""
        return tuple(row for row in self.judged if row.outcome in ("fail", "undetermined", "waived"))

    @property
    def population(self) -> Mapping[str, tuple[str, ...]]:
        """Addresses of the judged resources, by stack."""
        return _population(self.judged)


@dataclass(frozen=True)
class SectionReport:
    """A section heading and the requirements under it."""

    id: str
    title: str
    requirements: tuple[RequirementReport, ...]


@dataclass(frozen=True)
class GroupReport:
    """A principal requirement with its sections."""

    group: Group
    sections: tuple[SectionReport, ...]

    @cached_property
    def requirements(self) -> tuple[RequirementReport, ...]:
        """The requirements of all its sections."""
        return tuple(requirement for section in self.sections for requirement in section.requirements)

    @cached_property
    def verdicts(self) -> Mapping[Verdict, int]:
        """How many of them have which verdict."""
        return count_verdicts(self.requirements)


@dataclass(frozen=True)
class UnclaimedReport:
    """A policy that is evidence for no requirement, why, and what it said."""

    unclaimed: Unclaimed
    evidence: Evidence


@dataclass(frozen=True)
class ControlReport:
    """Everything the report says; the renderers add nothing but form.

    `unmapped` is evidence of policies and checks that no edge and no [[unclaimed]] entry names.
    `population_gaps` are assessments that say that some resources could not be seen. `landscape` is what the judged
    documents look like: it needs them, while everything else here follows from the result alone.
    `entity` is what the entity declares about itself, with answers marked that judged resources refute.
    """

    provenance: Provenance
    result: RecordedResult
    groups: tuple[GroupReport, ...]
    unclaimed: tuple[UnclaimedReport, ...]
    unmapped: tuple[Evidence, ...]
    population_gaps: tuple[Assessment, ...]
    entity: EntityFacts
    landscape: Landscape = landscape.NOTHING

    @cached_property
    def requirements(self) -> tuple[RequirementReport, ...]:
        """All requirements in the order of the standard."""
        return tuple(requirement for group in self.groups for requirement in group.requirements)

    @cached_property
    def evidence(self) -> Mapping[str, Evidence]:
        """Every policy and check that an edge or an [[unclaimed]] entry names, or the result holds, by id."""
        claimed = [one for row in self.requirements for edge in row.edges for one in edge.evidence]
        found = {one.id: one for one in (*claimed, *(row.evidence for row in self.unclaimed), *self.unmapped)}
        return {id_: found[id_] for id_ in sorted(found)}

    @cached_property
    def requirements_by_evidence(self) -> Mapping[str, tuple[str, ...]]:
        """The requirements that each claimed policy or check is evidence for, by its id, in the standard's order."""
        found: dict[str, dict[str, None]] = {}
        for row in self.requirements:
            for edge in row.edges:
                for one in edge.evidence:
                    found.setdefault(one.id, {})[row.requirement.id] = None
        return {id_: tuple(requirements) for id_, requirements in found.items()}

    @property
    def evidence_items(self) -> tuple[EvidenceItem, ...]:
        """Every item of evidence, requirement by requirement."""
        return tuple(item for row in self.requirements for item in row.evidence_items)

    @cached_property
    def verdicts(self) -> Mapping[Verdict, int]:
        """How many requirements have which verdict."""
        return count_verdicts(self.requirements)

    @cached_property
    def outcomes(self) -> Mapping[Outcome, int]:
        """How many assessments of the whole result had which outcome."""
        return count(self.result.assessments)

    @property
    def waived(self) -> tuple[Assessment, ...]:
        """Every waived assessment of the result, mapped or not."""
        return tuple(row for row in self.result.assessments if row.outcome == "waived")

    @property
    def stacks(self) -> tuple[str, ...]:
        """Names of the judged stacks."""
        named = {row.stack for row in self.result.inputs} | {row.stack for row in self.result.assessments}
        return tuple(sorted(named - {""}))


def control_report(
    result: RecordedResult,
    framework: Framework,
    policies: Iterable[Policy],
    provenance: Provenance,
    entity: EntityFacts | None = None,
    drawn: Landscape = landscape.NOTHING,
) -> ControlReport:
    """The report on `result`; `policies` give titles, rationales and digests.

    `entity` is what the entity declares, `drawn` the landscape of the result.
    """
    facts = (entity or unknown(framework.facts)).against(component_type(row.address) for row in result.assessments)
    library = _Library(result.assessments, framework.checks, {policy.id: policy for policy in policies})
    gaps = tuple(_population_gaps(framework.unclaimed, library))
    edges: dict[str, list[EdgeReport]] = {}
    for edge in framework.edges:
        evidence = tuple(library.evidence(id_) for id_ in edge.ids)
        shown = tuple(one for one in edge.artefacts if one in drawn.artefacts)
        edges.setdefault(edge.requirement, []).append(EdgeReport(edge, evidence, shown))
    groups = tuple(
        GroupReport(
            group,
            tuple(
                SectionReport(
                    section,
                    framework.sections[section],
                    tuple(
                        _assess(
                            row,
                            edges.get(row.id, []),
                            facts.consequences(row.id, framework.effects),
                            result,
                            is_complete=not gaps,
                        )
                        for row in requirements
                    ),
                )
                for section, requirements in framework.sections_of(group)
            ),
        )
        for group in framework.groups
    )
    unclaimed = tuple(
        UnclaimedReport(entry, library.evidence(id_)) for entry in framework.unclaimed for id_ in entry.policies
    )
    mapped = {id_ for edge in framework.edges for id_ in edge.ids}
    mapped.update(row.evidence.id for row in unclaimed)
    return ControlReport(
        provenance=provenance,
        result=result,
        groups=groups,
        unclaimed=unclaimed,
        unmapped=tuple(library.evidence(id_) for id_ in library.ids if id_ not in mapped),
        population_gaps=gaps,
        entity=facts,
        landscape=drawn,
    )


def count(assessments: Iterable[Assessment]) -> dict[Outcome, int]:
    """Assessments by outcome; every outcome is a key."""
    counts = dict.fromkeys(OUTCOMES, 0)
    for row in assessments:
        counts[row.outcome] += 1
    return counts


def count_verdicts(requirements: Iterable[RequirementReport]) -> dict[Verdict, int]:
    """Requirements by verdict; every verdict is a key."""
    counts = dict.fromkeys(VERDICTS, 0)
    for row in requirements:
        counts[row.verdict] += 1
    return counts


def facts_of(
    requirement: Requirement, edges: Sequence[EdgeReport], declared: Consequences, *, is_complete: bool
) -> Facts:
    """The facts that the verdict on `requirement` hangs on."""
    outcomes = {row.outcome for edge in edges for row in edge.judged}
    full = [edge for edge in edges if edge.edge.extent == "full"]
    return Facts(
        extent=requirement.extent,
        declared_not_applicable=bool(requirement.candidate_not_applicable)
        or declared.call_for("candidate not applicable"),
        declared_contrary=declared.call_for("contradicts"),
        declared_elsewhere=declared.call_for("not decidable from configuration"),
        is_claimed=bool(edges),
        shown=any(edge.artefacts for edge in edges),
        failed="fail" in outcomes,
        undetermined="undetermined" in outcomes,
        waived="waived" in outcomes,
        passed="pass" in outcomes,
        full_evidence_passed=any(_has_passed(edge) for edge in full),
        full_evidence_found_none=any(all(row.found_none for row in edge.evidence) for edge in full),
        population_is_complete=is_complete,
    )


def _has_passed(edge: EdgeReport) -> bool:
    """A policy without any row did not run, so it leaves the edge open; one that found nothing does not."""
    complete = all(evidence.assessments for evidence in edge.evidence)
    return complete and {row.outcome for row in edge.judged} == {"pass"}


def component_type(address: str) -> str:
    """The Terraform resource type in an address: `module.a["x"].data.aws_ami.b[0]` -> `data.aws_ami`."""
    parts = without_keys(address).split(".")
    while parts[0] == "module" and len(parts) > 2:
        parts = parts[2:]
    return ".".join(parts[:2]) if parts[0] == "data" else parts[0]


def _assess(
    requirement: Requirement,
    edges: Sequence[EdgeReport],
    declared: Consequences,
    result: RecordedResult,
    *,
    is_complete: bool,
) -> RequirementReport:
    rule = decide(facts_of(requirement, edges, declared, is_complete=is_complete))
    reason = rule.reason
    if rule.verdict == "candidate not applicable" and requirement.candidate_not_applicable:
        reason = requirement.candidate_not_applicable
    shown = dict.fromkeys(name for edge in edges for name in edge.artefacts)
    drawn = (f"Shown in this report: {', '.join(shown)}.",) if shown else ()
    reason = " ".join((reason, *drawn, *declared.sentences(rule.verdict)))
    items = _evidence_items(edges, result, is_complete=is_complete)
    return RequirementReport(requirement, rule.verdict, reason, tuple(edges), items)


def _evidence_items(
    edges: Sequence[EdgeReport], result: RecordedResult, *, is_complete: bool
) -> tuple[EvidenceItem, ...]:
    """One item for each policy or check of the edges, in their order, though several edges may name it."""
    named: dict[str, tuple[Evidence, list[Edge]]] = {}
    for row in edges:
        for evidence in row.evidence:
            named.setdefault(evidence.id, (evidence, []))[1].append(row.edge)
    return tuple(
        EvidenceItem(by[0].requirement, evidence, tuple(by), result.inputs, result.tools, is_complete)
        for evidence, by in named.values()
    )


def _population_gaps(unclaimed: Iterable[Unclaimed], library: "_Library") -> Iterable[Assessment]:
    for entry in unclaimed:
        if entry.limits_population:
            for id_ in entry.policies:
                yield from (row for row in library.evidence(id_).judged if row.outcome != "pass")


def _population(assessments: Iterable[Assessment]) -> dict[str, tuple[str, ...]]:
    addresses: dict[str, set[str]] = {}
    for row in assessments:
        if row.address:  # a failure because nothing is there has no resource
            addresses.setdefault(row.stack, set()).add(row.address)
    return {stack: tuple(sorted(addresses[stack])) for stack in sorted(addresses)}


class _Library:
    """Evidence by id of policy or check, made once each."""

    def __init__(
        self, assessments: Iterable[Assessment], checks: Mapping[str, str], policies: Mapping[str, Policy]
    ) -> None:
        self._rows: dict[str, list[Assessment]] = {}
        for row in assessments:
            self._rows.setdefault(row.policy, []).append(row)
        self._checks = checks
        self._policies = policies
        self._made: dict[str, Evidence] = {}

    @property
    def ids(self) -> list[str]:
        """Ids that have assessments in this result."""
        return sorted(self._rows)

    def evidence(self, id_: str) -> Evidence:
        """What `id_` said; without assessments when it said nothing."""
        if id_ not in self._made:
            self._made[id_] = self._evidence(id_)
        return self._made[id_]

    def _evidence(self, id_: str) -> Evidence:
        rows = tuple(self._rows.get(id_, ()))
        if id_ in self._policies:
            policy = self._policies[id_]
            return Evidence(id_, "policies", policy.title, policy.rationale, policy.digest, rows)
        is_check = id_ in self._checks or any(row.engine == "checkov" for row in rows)
        return Evidence(id_, "checkov" if is_check else "policies", self._checks.get(id_, ""), "", "", rows)
