"""The OSCAL documents say what the report says, in the fields that OSCAL means for it."""

from dataclasses import replace
from pathlib import Path

import pytest

from compliance.control_report import ControlReport, control_report
from compliance.lint import requirement_numbers
from compliance.oscal import documents
from compliance.oscal.catalog import NOT_DESCRIBED
from compliance.oscal.metadata import NO_TIME
from compliance.oscal.references import problems
from compliance.requirements import VERSION
from tests.compliance import gate_results as make
from tests.compliance.oscal import reports
from tests.compliance.oscal.reports import (
    CONTRADICTED,
    FOUND_NONE,
    PARTIAL,
    SUPPORTED,
    UNANSWERED,
    document,
    properties,
    result_of,
)


@pytest.fixture(scope="module")
def sample() -> ControlReport:
    return reports.sample()


@pytest.fixture
def verdicts(tmp_path: Path) -> ControlReport:
    return reports.every_verdict(tmp_path)


def test_two_runs_give_the_same_bytes() -> None:
    assert documents(reports.sample()) == documents(reports.sample())


def test_the_order_of_rows_in_the_result_does_not_matter(tmp_path: Path) -> None:
    rows = [make.row("imdsv2-required", "pass", f"aws_instance.{name}") for name in "cab"]
    made = []
    for order in (rows, rows[::-1]):
        result = replace(make.read(tmp_path, make.document(*order)), sha256="0" * 64)
        made.append(documents(control_report(result, reports.FRAMEWORK, [], make.ORIGIN)))
    assert made[0] == made[1]


def test_another_content_is_another_revision_of_the_same_document(sample: ControlReport) -> None:
    later = reports.sample(time="2026-11-23T06:00:00Z")
    for name in ("catalog", "profile", "component-definition", "assessment-plan", "assessment-results"):
        one, other = document(sample, name), document(later, name)
        assert one["uuid"] != other["uuid"]
        assert one["metadata"]["document-ids"] == other["metadata"]["document-ids"]


def test_a_report_without_a_time_says_so_where_oscal_demands_one() -> None:
    timeless = reports.sample(time=None, time_source=None)
    for name in ("catalog", "assessment-results"):
        head = document(timeless, name)["metadata"]
        assert head["last-modified"] == NO_TIME == "1970-01-01T00:00:00Z"
        assert "No time was given" in head["remarks"]
    assert {row["collected"] for row in result_of(timeless)["observations"]} == {NO_TIME}


def test_every_identifier_of_the_standard_is_in_the_catalog_once(sample: ControlReport) -> None:
    labels = []
    for group in document(sample, "catalog")["groups"]:
        for section in group["groups"]:
            labels += [properties(row)["label"] for row in (section, *section["controls"])]
    assert labels == list(reports.FRAMEWORK.identifiers)


def test_a_control_holds_our_paraphrase_or_says_that_there_is_none(sample: ControlReport) -> None:
    groups = document(sample, "catalog")["groups"]
    controls = {
        properties(control)["label"]: control
        for group in groups
        for section in group["groups"]
        for control in section["controls"]
    }
    for number, control in controls.items():
        parts = {part["name"]: part for part in control["parts"]}
        paraphrase = reports.FRAMEWORK.requirement(number).paraphrase
        assert control["id"] == f"pci-{number}"
        assert parts["statement"]["prose"].replace("\\", "").replace("&amp;", "&") == (paraphrase or NOT_DESCRIBED)
        assert parts["assessment-objective"]["id"] == f"pci-{number}_obj"


def test_the_profile_selects_every_requirement(sample: ControlReport) -> None:
    [imported] = document(sample, "profile")["imports"]
    assert imported["href"] == "catalog.json"
    ids = imported["include-controls"][0]["with-ids"]
    assert ids == [f"pci-{id_}" for id_ in reports.FRAMEWORK.identifiers if id_.count(".") > 1]


def test_every_edge_is_an_implemented_requirement_with_extent_source_and_note(sample: ControlReport) -> None:
    found = set()
    for component in document(sample, "component-definition")["components"][:2]:
        [implementation] = component["control-implementations"]
        for row in implementation["implemented-requirements"]:
            rules = {one["value"] for one in row["props"] if one["name"] == "Rule_Id"}
            values = properties(row)
            for rule in rules:
                found.add((row["control-id"], rule, values["extent"], values["source"], values.get("note", "")))
    edges = reports.FRAMEWORK.edges
    assert found == {
        (f"pci-{edge.requirement}", id_, edge.extent, edge.source, edge.note) for edge in edges for id_ in edge.ids
    }


def test_every_rule_that_is_named_is_described_by_its_tool(sample: ControlReport) -> None:
    for component in document(sample, "component-definition")["components"][:2]:
        described = {one["value"] for one in component["props"] if one["name"] == "Rule_Id"}
        named = {
            one["value"]
            for row in component["control-implementations"][0]["implemented-requirements"]
            for one in row["props"]
            if one["name"] == "Rule_Id"
        }
        assert named == described


def test_the_plan_examines_and_has_a_step_for_each_policy_and_check(sample: ControlReport) -> None:
    activities = document(sample, "assessment-plan")["local-definitions"]["activities"]
    assert {properties(row)["method"] for row in activities} == {"EXAMINE"}
    steps = {properties(step)["rule-id"] for row in activities for step in row["steps"]}
    assert steps == {id_ for edge in reports.FRAMEWORK.edges for id_ in edge.ids}


def test_every_item_of_evidence_is_an_observation_on_its_whole_population(sample: ControlReport) -> None:
    result = result_of(sample)
    items = {row["uuid"]: properties(row)["address"] for row in result["local-definitions"]["inventory-items"]}
    observations = {properties(row)["evidence-id"]: row for row in result["observations"]}
    expected = [item for item in sample.evidence_items if item.evidence.assessments]
    assert list(observations) == [item.id for item in expected]
    for item in expected:
        subjects = observations[item.id]["subjects"]
        seen = sorted((items.get(row["subject-uuid"], ""), properties(row)["outcome"]) for row in subjects)
        assert seen == sorted((row.address, row.outcome) for row in item.evidence.assessments)
        assert observations[item.id]["methods"] == ["EXAMINE"]
        assert observations[item.id]["collected"] == make.ORIGIN.time


def test_a_stack_without_a_resource_to_judge_is_a_subject_itself(verdicts: ControlReport) -> None:
    components = document(verdicts, "assessment-plan")["local-definitions"]["components"]
    [stack] = [row["uuid"] for row in components if row["title"] == "Stack without-instances"]
    observations = {properties(row)["rule-id"]: row for row in result_of(verdicts)["observations"]}
    found = {(row["type"], properties(row)["outcome"]) for row in observations["imdsv2-required"]["subjects"]}
    assert found == {("inventory-item", "pass"), ("component", "not-applicable")}
    assert stack in {row["subject-uuid"] for row in observations["imdsv2-required"]["subjects"]}


def test_the_inventory_holds_every_resource_once(sample: ControlReport) -> None:
    items = result_of(sample)["local-definitions"]["inventory-items"]
    addresses = [properties(row)["address"] for row in items]
    rows = [row for item in sample.evidence_items for row in item.evidence.assessments if row.address]
    assert addresses == sorted({row.address for row in rows})
    assert properties(items[addresses.index("aws_lb.web")])["resource-type"] == "aws_lb"


def test_observations_lead_to_the_files_with_their_digests(sample: ControlReport) -> None:
    resources = {f"#{row['uuid']}": row for row in document(sample, "assessment-results")["back-matter"]["resources"]}
    for observation in result_of(sample)["observations"]:
        digests = {properties(row)["sha256"] for row in observation["relevant-evidence"]}
        assert digests == {sample.result.sha256, *(row.sha256 for row in sample.result.inputs)}
        for row in observation["relevant-evidence"]:
            [link] = resources[row["href"]]["rlinks"]
            assert link["hashes"] == [{"algorithm": "SHA-256", "value": properties(row)["sha256"]}]


def test_every_requirement_has_its_verdict_and_reason_as_a_property(sample: ControlReport) -> None:
    found = {row["class"]: row["value"] for row in result_of(sample)["props"] if row["name"] == "verdict"}
    assert found == {f"pci-{row.requirement.id}": row.verdict for row in sample.requirements}


def test_only_supports_and_contradicts_become_findings(verdicts: ControlReport) -> None:
    states = {row["target"]["target-id"]: row["target"]["status"]["state"] for row in result_of(verdicts)["findings"]}
    assert states == {f"pci-{SUPPORTED}_obj": "satisfied", f"pci-{CONTRADICTED}_obj": "not-satisfied"}
    assert properties_of_verdicts(verdicts)[PARTIAL] == "partly supports"
    assert properties_of_verdicts(verdicts)[FOUND_NONE] == "candidate not applicable"
    assert properties_of_verdicts(verdicts)[UNANSWERED] == "not decidable from configuration"


def properties_of_verdicts(report: ControlReport) -> dict[str, str]:
    rows = result_of(report)["props"]
    return {row["class"].removeprefix("pci-"): row["value"] for row in rows if row["name"] == "verdict"}


def test_a_finding_leaves_the_last_word_to_the_assessor(verdicts: ControlReport) -> None:
    for row in result_of(verdicts)["findings"]:
        assert "assessor's finding" in row["description"]
    for name, text in documents(verdicts).items():
        assert "in place" not in text.lower(), name


def test_a_contradiction_without_evidence_is_a_finding_without_observations(verdicts: ControlReport) -> None:
    report = reports.with_verdict(verdicts, UNANSWERED, "contradicts")
    [finding] = [row for row in result_of(report)["findings"] if row["title"].startswith(f"Requirement {UNANSWERED}")]
    assert finding["target"]["status"]["state"] == "not-satisfied"
    assert "related-observations" not in finding
    assert problems(documents(report), reports.FRAMEWORK.identifiers) == []


def test_only_requirements_with_a_judged_resource_are_reviewed(verdicts: ControlReport) -> None:
    [selection] = result_of(verdicts)["reviewed-controls"]["control-selections"]
    assert [row["control-id"] for row in selection["include-controls"]] == [
        f"pci-{id_}" for id_ in (PARTIAL, SUPPORTED, CONTRADICTED)
    ]


def test_a_waiver_is_an_accepted_risk_with_reason_owner_and_expiry(sample: ControlReport) -> None:
    risks = result_of(sample)["risks"]
    waivers = {row.waiver.reason: row.waiver for row in sample.waived if row.waiver}
    assert len(risks) >= len(waivers)
    for risk in risks:
        waiver = waivers[risk["statement"].removeprefix("Reason given: ").replace("\\", "")]
        assert risk["status"] == "deviation-approved"
        assert (properties(risk)["owner"], properties(risk)["expires"]) == (waiver.owner, waiver.expires)
        assert risk["deadline"] == f"{waiver.expires}T23:59:59Z"


def test_a_waived_finding_is_tied_to_its_risk_and_satisfies_nothing(verdicts: ControlReport) -> None:
    result = result_of(verdicts)
    [contradicted] = [row for row in result["findings"] if row["target"]["status"]["state"] == "not-satisfied"]
    risks = {row["uuid"]: row for row in result["risks"]}
    [related] = contradicted["related-risks"]
    observation = risks[related["risk-uuid"]]["related-observations"]
    assert contradicted["related-observations"][0] in observation
    [satisfied] = [row for row in result["findings"] if row["target"]["status"]["state"] == "satisfied"]
    assert "related-risks" not in satisfied


def test_what_a_resource_fails_by_stands_at_the_subject(verdicts: ControlReport) -> None:
    subjects = [row for one in result_of(verdicts)["observations"] for row in one["subjects"]]
    said = {properties(row)["outcome"]: row.get("remarks") for row in subjects}
    assert said["fail"] == "Seen: kept 7 days, not 99.9.9"
    assert said["pass"] is None


def test_an_empty_result_has_valid_documents_without_findings(tmp_path: Path) -> None:
    report = control_report(make.read(tmp_path, make.document(inputs=[])), reports.FRAMEWORK, [], make.ORIGIN)
    result = result_of(report)
    assert not {"observations", "findings", "risks"} & result.keys()
    assert problems(documents(report), reports.FRAMEWORK.identifiers) == []


def test_every_number_printed_is_one_of_the_351(sample: ControlReport) -> None:
    for name, text in documents(sample).items():
        numbers = set(requirement_numbers(text)) - {VERSION, *sample.result.tools.values()}
        assert numbers <= set(reports.FRAMEWORK.identifiers), name


def test_what_the_entity_declares_is_a_value_of_a_parameter_that_asks_for_it(tmp_path: Path) -> None:
    report = reports.declared(tmp_path)
    asked = {row["id"]: row["select"]["choice"] for row in document(report, "catalog")["params"]}
    assert asked["entity_type"] == ["merchant", "service_provider"]
    assert asked["multi_tenant_provider"] == ["true", "false"]
    assert document(report, "profile")["modify"]["set-parameters"] == [
        {"param-id": "entity_type", "values": ["merchant"]},
        {"param-id": "pan_storage", "values": ["cleartext_on_encrypted_disk"]},
    ]
    assert "modify" not in document(reports.sample(), "profile")


def test_a_declaration_is_evidence_with_a_digest_and_takes_no_requirement_out(tmp_path: Path) -> None:
    report = reports.declared(tmp_path)
    resources = document(report, "assessment-results")["back-matter"]["resources"]
    assert report.entity.digest in {properties(row)["sha256"] for row in resources}
    said = {row["class"]: row["value"] for row in result_of(report)["props"] if row["name"] == "declared-by-the-entity"}
    assert said == {"entity_type": "merchant", "pan_storage": "cleartext_on_encrypted_disk"}
    assert properties_of_verdicts(report)["12.4.1"] == "candidate not applicable"
    assert "pci-12.4.1" in document(report, "profile")["imports"][0]["include-controls"][0]["with-ids"]


def test_a_declaration_that_contradicts_is_a_finding_without_observations(tmp_path: Path) -> None:
    findings = {row["target"]["target-id"]: row for row in result_of(reports.declared(tmp_path))["findings"]}
    assert findings["pci-3.5.1_obj"]["target"]["status"]["state"] == "not-satisfied"
    assert "pan_storage is cleartext_on_encrypted_disk" in findings["pci-3.5.1_obj"]["description"]
    assert "related-observations" not in findings["pci-3.5.1_obj"]
