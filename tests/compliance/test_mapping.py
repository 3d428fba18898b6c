"""The data about PCI DSS is sound, and the linter finds each kind of defect when it is planted."""

import importlib.util
import itertools
import re
import shutil
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from compliance.__main__ import catalogue
from compliance.entity import Effect, Fact
from compliance.lint import false_friends, problems, requirement_numbers
from compliance.requirements import DATA_FOLDER, Edge, Framework, Requirement, Unclaimed, is_section, load
from policies.errors import InputError
from policies.model import Policy

FRAMEWORK = load()


@pytest.fixture(scope="module")
def policies() -> tuple[Policy, ...]:
    return catalogue()


def changed(framework: Framework, edge: Edge) -> Framework:
    return replace(framework, edges=(*framework.edges, edge))


def described(**changes: str) -> Framework:
    """The standard with the description of 2.2.6 changed."""
    rows = tuple(
        replace(row, **changes) if row.id == "2.2.6" else row  # type: ignore[arg-type]
        for row in FRAMEWORK.described
    )
    return replace(FRAMEWORK, described=rows)


def paraphrased(id_: str, paraphrase: str) -> Framework:
    """The standard with one more description."""
    return replace(FRAMEWORK, described=(*FRAMEWORK.described, Requirement(id_, paraphrase, "none", "entity", "x")))


def following(**changes: Any) -> Framework:
    """The standard with one more effect of a fact."""
    return replace(FRAMEWORK, effects=(*FRAMEWORK.effects, replace(SOUND_EFFECT, **changes)))


def asking(**changes: Any) -> Framework:
    """The standard with one more fact."""
    fact = Fact("colour", "Which colour is it?", ("red", "green"))
    effect = replace(SOUND_EFFECT, fact="colour", values=("red",))
    return replace(FRAMEWORK, facts=(*FRAMEWORK.facts, replace(fact, **changes)), effects=(*FRAMEWORK.effects, effect))


SOUND_EFFECT = Effect("wireless_in_cde", (True,), "candidate not applicable", ("1.4.3",), "There is no wire.")
SOUND_EDGE = Edge("12.5.1", ("imdsv2-required",), (), "supporting", "own rationale", "Says little.")
SHOWN_EDGE = Edge("12.5.1", (), (), "supporting", "own rationale", "A part of it.", ("inventory-keys",))


def test_the_data_has_no_problems(policies: tuple[Policy, ...]) -> None:
    assert problems(FRAMEWORK, policies) == []


def test_every_requirement_that_no_policy_check_or_artefact_is_mapped_to_says_what_remains_to_be_looked_at() -> None:
    """Where configuration could say something, the entity learns what to judge; nothing is silently left out."""
    mapped = {edge.requirement for edge in FRAMEWORK.edges}
    for row in FRAMEWORK.described:
        if row.extent != "none" and row.id not in mapped:
            assert "A policy would have to look at " in row.manual, row.id
        assert row.extent != "none" or row.id not in mapped, row.id


def test_all_351_identifiers_are_there_once() -> None:
    assert len(FRAMEWORK.identifiers) == len(set(FRAMEWORK.identifiers)) == 351


def test_every_requirement_is_described_once_and_nothing_else_is() -> None:
    described_ids = [row.id for row in FRAMEWORK.described]
    headings = [id_ for id_ in FRAMEWORK.identifiers if is_section(id_)]
    assert described_ids == [id_ for id_ in FRAMEWORK.identifiers if not is_section(id_)]
    assert (len(headings), len(described_ids)) == (71, 280)
    assert sorted(FRAMEWORK.sections) == sorted(headings)


def test_no_sentence_of_the_data_holds_a_number_that_the_standard_does_not_have() -> None:
    """Read from the files as they are, not as the linter sees them; versions, ports and controls are no numbers."""
    known = set(FRAMEWORK.identifiers)
    for file in sorted(DATA_FOLDER.rglob("*.toml")):
        if file.name in ("false_friends.toml", "security_hub.toml"):  # old numbers, and ids of controls
            continue
        for text in strings_of(tomllib.loads(file.read_text("utf-8"))):
            for number in re.findall(r"(?<![\w.-])(?:A?\d{1,2})(?:\.\d{1,2})+(?![\w.]*\d)", text):
                around = text[max(text.index(number) - 8, 0) : text.index(number)]
                assert number in known or around.endswith(("TLS ", "version ", "DSS ")), (file.name, text)


def strings_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from itertools.chain(strings_of(key), strings_of(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from strings_of(inner)


def test_what_superseded_requirements_say_names_the_one_that_took_their_place() -> None:
    superseded = {row.id: row for row in FRAMEWORK.described if row.candidate_not_applicable}
    successors = {"6.4.1": "6.4.2", "8.3.10": "8.3.10.1", "10.7.1": "10.7.2"}
    assert superseded.keys() == successors.keys()
    for id_, successor in successors.items():
        row = superseded[id_]
        assert row.candidate_not_applicable == f"Superseded by {successor} since 31 March 2025."
        assert f"superseded by {successor} since 31 March 2025" in row.paraphrase


def test_storage_encryption_is_at_most_partial_evidence_for_unreadable_account_numbers() -> None:
    edges = [edge for edge in FRAMEWORK.edges if edge.requirement.startswith("3.5.1")]
    assert edges
    assert all(edge.extent != "full" for edge in edges)
    assert FRAMEWORK.requirement("3.5.1").extent == "partial"


def test_a_sound_edge_is_accepted(policies: tuple[Policy, ...]) -> None:
    assert problems(changed(FRAMEWORK, SOUND_EDGE), policies) == []
    assert problems(changed(FRAMEWORK, SHOWN_EDGE), policies) == []


@pytest.mark.parametrize(
    ("edge", "complaint"),
    [
        (replace(SOUND_EDGE, requirement="2.2.66"), "2.2.66: is not an identifier"),
        (replace(SOUND_EDGE, requirement="6.6"), "6.6: is not an identifier"),
        (replace(SOUND_EDGE, requirement="10.7"), "10.7: is a section heading"),
        (replace(SOUND_EDGE, policies=("no-such-policy",)), "unknown policy no-such-policy"),
        (replace(SOUND_EDGE, checks=("CKV_AWS_99999",)), "CKV_AWS_99999 has no title"),
        (replace(SOUND_EDGE, source=" "), "the source of the mapping is missing"),
        (replace(SOUND_EDGE, note=""), "supporting evidence needs a note"),
        (replace(SOUND_EDGE, extent="partial", note=""), "partial evidence needs a note"),
        (replace(SOUND_EDGE, extent="none"), "extent is 'none'"),
        (replace(SOUND_EDGE, extent="total"), "extent is 'total'"),
        (replace(SOUND_EDGE, extent="full"), "the requirement's extent is less"),
        (replace(SOUND_EDGE, requirement="1.5.1"), "the requirement's extent is less"),
        (replace(SOUND_EDGE, policies=()), "without policies, checks and artefacts"),
        (replace(SOUND_EDGE, artefacts=("inventory-keys",)), "artefacts judge nothing, so they have an edge of their"),
        (replace(SHOWN_EDGE, artefacts=("inventory-dogs",)), "unknown artefact inventory-dogs, expected one of"),
        (replace(SHOWN_EDGE, requirement="10.5.1", extent="full"), "artefacts judge nothing, so they are never full"),
        (replace(SHOWN_EDGE, source=""), "inventory-keys: the source of the mapping is missing"),
        (replace(SHOWN_EDGE, note=""), "inventory-keys: supporting evidence needs a note"),
        (replace(SHOWN_EDGE, artefacts=("inventory-keys", "inventory-keys")), "inventory-keys is mapped 2 times"),
        (replace(SOUND_EDGE, policies=("imdsv2-required", "imdsv2-required")), "mapped 2 times"),
        (replace(SOUND_EDGE, requirement="2.2.6"), "2.2.6: imdsv2-required is mapped 2 times"),
        (replace(SOUND_EDGE, note="Helps with 10.9.9."), "10.9.9 is not an identifier"),
        (replace(SOUND_EDGE, note="The bucket is compliant."), "12.5.1: 'compliant' is for others to say"),
        (replace(SOUND_EDGE, note="Encryption is in place."), "'in place' is for others to say"),
        (replace(SOUND_EDGE, source="someone told us"), "'someone told us' is no form of source"),
        (replace(SOUND_EDGE, source="own rationale; CIS 1.2.3"), "'CIS 1.2.3' is no form of source"),
        (replace(SOUND_EDGE, source="AWS Security Hub"), "'AWS Security Hub' is no form of source"),
        (replace(SOUND_EDGE, source="AWS Security Hub EC2.9999"), "EC2.9999 has no label for this requirement"),
        (replace(SOUND_EDGE, source="AWS Security Hub EC2.8"), "EC2.8 has no label for this requirement"),
        (
            replace(SOUND_EDGE, requirement="2.2.2", source="AWS Security Hub RDS.24 for clusters, IAM.5 for people"),
            "IAM.5 has no label for this requirement",
        ),
    ],
)
def test_a_defective_edge_is_refused(edge: Edge, complaint: str, policies: tuple[Policy, ...]) -> None:
    found = problems(changed(FRAMEWORK, edge), policies)
    assert any(complaint in problem for problem in found), found


@pytest.mark.parametrize(
    ("requirement", "source_id", "now"),
    [
        ("10.7.2", "logs-kept-90-days", "10.5.1"),
        ("10.5.1", "CKV_AWS_36", "10.3"),
        ("3.4.1", "encrypted-with-kms", "3.5.1"),
        ("3.6.1", "CKV_AWS_7", "3.7"),
        ("6.5.1", "CKV_AWS_328", "6.2.4"),
        ("8.2.3", "CKV_AWS_10", "8.3.6"),
        ("2.2.4", "imdsv2-required", "2.2.6"),
        ("6.6", "CKV_AWS_68", "6.4.2"),
    ],
)
def test_numbers_of_version_3_2_1_are_refused(
    requirement: str, source_id: str, now: str, policies: tuple[Policy, ...]
) -> None:
    is_check = source_id.startswith("CKV")
    edge = Edge(
        requirement,
        () if is_check else (source_id,),
        (source_id,) if is_check else (),
        "supporting",
        "own rationale",
        "A note.",
    )
    wanted = f"{source_id}: {requirement} is the number of version 3.2.1 for this; 4.0.1 has it at {now}"
    found = problems(changed(FRAMEWORK, edge), policies)
    assert any(wanted in problem for problem in found), found


@pytest.mark.parametrize(
    "source",
    [
        "own rationale",
        "own rationale for caches",
        "audit parameters: own rationale",
        "AWS Config conformance pack for PCI DSS 4.0",
        "AWS Config conformance pack for PCI DSS 4.0 for clusters; the rest: own rationale",
        "AWS Config conformance pack for PCI DSS 4.0, which maps them to others",
    ],
)
def test_a_source_of_a_known_form_is_accepted(source: str, policies: tuple[Policy, ...]) -> None:
    assert problems(changed(FRAMEWORK, replace(SOUND_EDGE, source=source)), policies) == []


def test_a_security_hub_control_with_the_label_of_the_requirement_is_accepted(policies: tuple[Policy, ...]) -> None:
    edge = replace(SOUND_EDGE, requirement="11.5.1", source="AWS Security Hub GuardDuty.1, GuardDuty.6 for functions")
    assert problems(changed(FRAMEWORK, edge), policies) == []


def test_a_sentence_with_a_number_of_version_3_2_1_is_refused(policies: tuple[Policy, ...]) -> None:
    found = problems(described(manual="Log retention as 10.7 asks."), policies)
    assert any("4.0.1 has it at 10.5.1" in problem for problem in found), found


@pytest.mark.parametrize(
    ("framework", "complaint"),
    [
        (described(extent="most"), "extent is 'most'"),
        (described(owner="nobody"), "owner is 'nobody'"),
        (described(manual=""), "must not be empty"),
        (described(id="2.2.99"), "2.2.99 is not a requirement"),
        (described(id="2.2"), "2.2 is not a requirement"),
        (described(id="2.2.5"), "2.2.5 is described 2 times"),
        (described(id="2.2.5"), "requirements/02.toml: 2.2.6 is not described"),
        (described(paraphrase="Settings are safe."), "the paraphrase has 3 words, expected at least 8"),
        (
            described(paraphrase=FRAMEWORK.requirement("1.4.4").paraphrase.upper()),
            "2.2.6: the paraphrase is that of 1.4.4",
        ),
        (described(paraphrase="Only services that are certified may run on any of these systems."), "'certified' is"),
        (described(manual="A statement that the system complies with it."), "'complies with' is for others to say"),
        (described(manual="Until then it is a best practice."), "'best practice' is for others to say"),
        (described(manual="As 2.2.99 asks."), "2.2.6: 2.2.99 is not an identifier"),
        (paraphrased("10.7.2", "Audit logs are retained for twelve months or more by everybody."), "has it at 10.5.1"),
        (paraphrased("8.2.3", "Passwords have twelve characters or more, with letters and digits."), "has it at 8.3.6"),
        (paraphrased("2.4.1", "An inventory lists every component that is in scope of it."), "2.4.1 is not a req"),
        (described(candidate_not_applicable="No."), "has the extent none"),
        (replace(FRAMEWORK, sections={"9.9": "x"}), "section 9.9 is unknown"),
        (replace(FRAMEWORK, checks=dict(FRAMEWORK.checks) | {"CKV_AWS_1": "x"}), "CKV_AWS_1 is mapped to no"),
    ],
)
def test_a_defective_description_is_refused(framework: Framework, complaint: str, policies: tuple[Policy, ...]) -> None:
    found = problems(framework, policies)
    assert any(complaint in problem for problem in found), found


@pytest.mark.parametrize(
    ("framework", "complaint"),
    [
        (following(fact="moon_phase"), "unknown fact"),
        (following(values=("true",)), "true is no value of wireless_in_cde"),
        (following(values=(1,)), "1 is no value of wireless_in_cde"),
        (following(values=()), "values, requirements and a reason"),
        (following(requirements=()), "values, requirements and a reason"),
        (following(reason=""), "values, requirements and a reason"),
        (following(verdict="supports"), "the verdict is 'supports', expected one of"),
        (following(verdict="partly supports"), "the verdict is 'partly supports', expected one of"),
        (following(requirements=("1.4.3", "1.4.3")), "1.4.3 is listed 2 times"),
        (following(requirements=("1.4",)), "1.4 is not a requirement of the standard"),
        (following(requirements=("6.6",)), "6.6 is not a requirement of the standard"),
        (following(reason="The system is compliant."), "'compliant' is for others to say"),
        (following(reason="It is 10.9.9 that asks."), "10.9.9 is not an identifier"),
        (asking(asks="Colour"), "colour: expected a question"),
        (asking(values=("red",)), "colour: expected a question and two or more values"),
        (asking(values=("red", "unknown")), "unknown not among them"),
        (asking(refuted_by={"blue": ("aws_iam_user",)}), "refuted where it is blue, which is no value"),
        (asking(id="pan_storage"), "pan_storage is asked 2 times"),
        (asking(id="shape"), "nothing follows from shape"),
        (replace(FRAMEWORK, security_hub={**FRAMEWORK.security_hub, "EC2.1": ("6.6",)}), "EC2.1: 6.6 is not an id"),
    ],
)
def test_a_defective_fact_or_label_is_refused(
    framework: Framework, complaint: str, policies: tuple[Policy, ...]
) -> None:
    found = problems(framework, policies)
    assert any(complaint in problem for problem in found), found


def test_a_sound_fact_and_its_effect_are_accepted(policies: tuple[Policy, ...]) -> None:
    assert problems(asking(), policies) == []
    assert problems(following(), policies) == []


@pytest.mark.parametrize(
    ("unclaimed", "complaint"),
    [
        (FRAMEWORK.unclaimed[1:], "no requirement claims the policy logs-kept-90-days"),
        ((*FRAMEWORK.unclaimed, Unclaimed(("imdsv2-required",), "x")), "both claimed and unclaimed"),
        ((*FRAMEWORK.unclaimed, Unclaimed(("no-such-policy",), "x")), "unknown policy no-such-policy"),
        ((*FRAMEWORK.unclaimed, Unclaimed(("waiver-is-valid",), "x", engine_level=True)), "unclaimed 2 times"),
        ((*FRAMEWORK.unclaimed, Unclaimed(("engine",), "", engine_level=True)), "the reason is missing"),
        (
            (*FRAMEWORK.unclaimed, Unclaimed(("imdsv2-required",), "x", engine_level=True)),
            "but the catalogue holds it",
        ),
    ],
)
def test_a_policy_without_home_is_refused(
    unclaimed: tuple[Unclaimed, ...], complaint: str, policies: tuple[Policy, ...]
) -> None:
    found = problems(replace(FRAMEWORK, unclaimed=unclaimed), policies)
    assert any(complaint in problem for problem in found), found


def test_numbers_are_recognised_as_the_standard_writes_them() -> None:
    text = "3.5.1.2, A3.2.1 and 12.10 (10.5.1), but not TLS 1.2, version 3.2.1, EC2.8, v1.2.3 or 10.0.0.0/16"
    assert requirement_numbers(text) == ["3.5.1.2", "A3.2.1", "12.10", "10.5.1", "10.0.0.0"]


def test_every_old_number_of_a_false_friend_differs_from_the_new_one() -> None:
    for friend in false_friends():
        assert not set(friend.old) & set(friend.now)
        assert all(number in FRAMEWORK.identifiers for number in friend.now)


def test_every_mapped_check_exists_in_the_installed_checkov() -> None:
    found = set(checkov_ids())
    assert sorted(set(FRAMEWORK.checks) - found) == []


def checkov_ids() -> Iterable[str]:
    """Ids that Checkov's own files define; importing Checkov would take seconds."""
    package = importlib.util.find_spec("checkov")
    assert package is not None
    assert package.submodule_search_locations
    folder = Path(package.submodule_search_locations[0]) / "terraform" / "checks"
    for file in folder.rglob("*"):
        if file.suffix in (".py", ".json"):
            yield from re.findall(r"[\"'](CKV2?_AWS_\d+)[\"']", file.read_text(encoding="utf-8"))


def test_sections_are_headings_and_requirements_are_not() -> None:
    assert is_section("10.5")
    assert is_section("A3.2")
    assert not is_section("10.5.1")


def test_a_requirement_that_nobody_described_takes_its_owner_from_the_group() -> None:
    undescribed = replace(FRAMEWORK, described=())
    row = undescribed.requirement("9.2.1")
    assert (row.owner, row.extent, row.paraphrase) == ("shared", "none", "")


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("groups.toml", "x = 1\n", "group"),
        ("facts.toml", "x = 1\n", "fact"),
        ("edges.toml", "x = \n", r"edges\.toml"),
        ("security_hub.toml", "controls = 1\n", "AttributeError"),
        ("requirements/03.toml", None, r"03\.toml"),
        ("requirements/a3.toml", '[[requirement]]\nid = "A2.1.1"\n', r"A2\.1\.1 is described in requirements/a3"),
        ("requirements/02.toml", '[[requirement]]\nid = "2.2.6"\nowner = "entity"\n', "paraphrase"),
        ("requirements/02.toml", '[[requirement]]\nid = "2.2.6"\ncolour = "blue"\n', "colour"),
    ],
)
def test_data_of_another_shape_is_bad_input(name: str, content: str | None, complaint: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    shutil.copytree(DATA_FOLDER, folder)
    (folder / name).unlink() if content is None else (folder / name).write_text(content)
    with pytest.raises(InputError, match=complaint):
        load(folder)
