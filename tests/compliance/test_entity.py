"""What the entity declares: read strictly, unknown by default, and never a reason to report more than the evidence."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from compliance import entity
from compliance.__main__ import main
from compliance.control_report import ControlReport, RequirementReport, control_report
from compliance.entity import Declaration, EntityFacts, Value
from compliance.requirements import Framework, load
from policies.recorded_result import RecordedResult
from tests.compliance import gate_results as make

FRAMEWORK = load()
FACTS = {fact.id: fact for fact in FRAMEWORK.facts}
OURS = Path(__file__).parents[2] / "entity.yaml"
STORED = ("3.5.1", "3.5.1.2")
PASSES = [make.row("encrypted-with-kms", "pass", "aws_rds_cluster.main")]


def declared(**answers: Value) -> EntityFacts:
    return EntityFacts(tuple(Declaration(fact, answers.get(fact.id)) for fact in FRAMEWORK.facts))


def report(folder: Path, facts: EntityFacts | None, *rows: dict[str, Any]) -> ControlReport:
    return control_report(make.read(folder, make.document(*rows)), FRAMEWORK, [], make.ORIGIN, facts)


def requirement(folder: Path, id_: str, facts: EntityFacts | None, *rows: dict[str, Any]) -> RequirementReport:
    return make.requirement_of(report(folder, facts, *rows), id_)


def written(folder: Path, text: str) -> Path:
    path = folder / "entity.yaml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return path


# ---------------------------------------------------------------- the file


def test_a_file_gives_its_answers_its_digest_and_unknown_for_the_rest(tmp_path: Path) -> None:
    path = written(tmp_path, "pan_storage: tokenised\nwireless_in_cde: false\nentity_type: unknown\n")
    facts = entity.read(path, FRAMEWORK.facts)
    answers = {name: answer for name, answer, _ in facts.as_rows()}
    assert (answers.pop("pan_storage"), answers.pop("wireless_in_cde")) == ("tokenised", "false")
    assert set(answers.values()) == {"unknown"}
    assert len(answers) == len(FRAMEWORK.facts) - 2
    assert facts.digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_rows_carry_the_question_that_is_answered(tmp_path: Path) -> None:
    rows = entity.parse(b"", "entity.yaml", FRAMEWORK.facts).as_rows()
    assert [(name, asks) for name, _, asks in rows] == [(fact.id, fact.asks) for fact in FRAMEWORK.facts]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("pan_storage: encrypted\n", "entity.yaml:1: pan_storage is 'encrypted', expected one of: none, tokenised"),
        ("# a\n\npan_storage:\n", "entity.yaml:3: pan_storage is None"),
        ("wireless_in_cde: 0\n", "wireless_in_cde is 0, expected one of: true, false, unknown"),
        ('wireless_in_cde: "false"\n', "wireless_in_cde is 'false'"),
        ("wireless_in_cde: no\n", "wireless_in_cde is 'no'"),
        ("entity_type: [merchant]\n", "entity_type is"),
        ("entity_type: {merchant: true}\n", "entity_type is"),
        ("entity_type: true\n", "entity_type is True"),
        ("Entity_type: merchant\n", "entity.yaml:1: 'Entity_type' is not a fact (known: entity_type,"),
        ("entity_type: merchant\nentity_type: unknown\n", "entity.yaml:2: not valid YAML"),
        ("1: merchant\n", "1 is not a fact"),
        ("- entity_type\n", "expected a mapping"),
        ("merchant\n", "expected a mapping"),
        ("entity_type: !!python/object/apply:os.system [id]\n", "entity.yaml:1: not valid YAML: tags are not read"),
        ("entity_type: &a [*a]\n", "entity.yaml:1: not valid YAML: an alias stands within what"),
        ("a: " + "x" * 10_000 + "\n", "'a' is not a fact"),
        ("pan_storage: " + "x" * 10_000 + "\n", "pan_storage is 'xxxxxx"),
        ("entity_type: merchant\n\udcff\n", "not valid YAML"),
        ("entity_type: merchant\x00\n", "not valid YAML"),
        ("[" * 5_000, "not valid YAML"),
        ("{", "not valid YAML"),
    ],
    ids=str.split(
        "word empty number quoted no list mapping boolean case twice key items scalar tag loop long-key long "
        "bytes zero deep open"
    ),
)
def test_a_file_of_another_shape_ends_with_3_and_one_short_line(
    text: str, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, text)
    arguments = ["report", str(make.SAMPLE), "--output", str(tmp_path / "out"), "--entity", str(path)]
    assert main(arguments) == 3
    printed = capsys.readouterr().err
    assert complaint in printed
    assert len(printed.splitlines()) == 1
    assert len(printed) < 1_000
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_named_but_missing_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "nobody.yaml"
    arguments = ["report", str(make.SAMPLE), "--output", str(tmp_path / "out"), "--entity", str(missing)]
    assert main(arguments) == 3
    assert "nobody.yaml: no such file" in capsys.readouterr().err


def test_without_a_file_everything_is_unknown_and_a_file_in_the_folder_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcomes = []
    for text in (None, "designated_entity: unknown\n", "designated_entity: false\n"):
        if text is not None:
            written(tmp_path, text)
        assert main(["report", str(make.SAMPLE), "--output", "out", "--time", "2026-01-31T12:00:00Z"]) == 0
        rows = json.loads(Path("out/report.json").read_text())["requirements"]
        outcomes.append([(row["id"], row["verdict"]) for row in rows])
    absent, unknown, answered = outcomes
    assert absent == unknown
    changed = {after for before, after in zip(absent, answered, strict=True) if before != after}
    assert {id_.split(".")[0] for id_, _ in changed} == {"A3"}
    assert {verdict for _, verdict in changed} == {"candidate not applicable"}


def test_the_file_of_the_repository_answers_every_question_and_guesses_none() -> None:
    facts = entity.read(OURS, FRAMEWORK.facts)
    keys = re.findall(r"^(\w+): ", OURS.read_text(), flags=re.MULTILINE)
    assert keys == [fact.id for fact in FRAMEWORK.facts]
    assert {answer for _, answer, _ in facts.as_rows()} == {"unknown"}


def test_the_file_of_the_repository_says_of_every_key_what_it_may_be() -> None:
    paragraphs = OURS.read_text().split("\n\n")
    for fact in FRAMEWORK.facts:
        about = next(text for text in paragraphs if re.search(rf"^{fact.id}: ", text, flags=re.MULTILINE))
        for value in fact.values:
            assert re.search(rf"# .*\b{entity.as_written(value)}\b", about), (fact.id, value)


# ---------------------------------------------------------------- what follows


def every_answer() -> list[tuple[str, Value]]:
    return [(fact.id, value) for fact in FRAMEWORK.facts for value in fact.values]


@pytest.fixture(scope="module", params=["pass", "waived", "undetermined", "fail", "nothing"])
def result(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RecordedResult:
    """Every policy and check that an edge names has this outcome."""
    named = sorted({id_ for edge in FRAMEWORK.edges for id_ in edge.ids})
    rows = [make.row(id_, request.param, "aws_thing.one") for id_ in named if request.param != "nothing"]
    return make.read(tmp_path_factory.mktemp("result"), make.document(*rows))


def test_no_answer_makes_any_verdict_better(result: RecordedResult) -> None:
    before = control_report(result, FRAMEWORK, [], make.ORIGIN)
    for name, value in every_answer():
        after = control_report(result, FRAMEWORK, [], make.ORIGIN, declared(**{name: value}))
        for old, new in zip(before.requirements, after.requirements, strict=True):
            if old.verdict != new.verdict:
                assert new.verdict in ("contradicts", "candidate not applicable", "not decidable from configuration")
                assert old.verdict != "contradicts"
                assert f"{name} is {entity.as_written(value)}" in new.reason


def test_every_effect_changes_the_verdict_of_each_requirement_it_names(tmp_path: Path) -> None:
    before = report(tmp_path, None)
    superseded = {row.id for row in FRAMEWORK.described if row.candidate_not_applicable}
    for name, value in every_answer():
        effects = [effect for effect in FRAMEWORK.effects if effect.fact == name and value in effect.values]
        concerned = {id_ for effect in effects for id_ in effect.requirements}
        after = report(tmp_path, declared(**{name: value}))
        changed = {
            old.requirement.id
            for old, new in zip(before.requirements, after.requirements, strict=True)
            if old.verdict != new.verdict
        }
        assert changed == concerned - superseded, (name, value)


def test_what_only_service_providers_have_may_not_apply_to_a_merchant_and_stays_for_others(tmp_path: Path) -> None:
    for facts in (None, declared(entity_type="service_provider")):
        for id_ in ("12.4.1", "12.9.2", "3.6.1.1", "A1.1.1"):
            assert requirement(tmp_path, id_, facts).verdict in ("not decidable from configuration", "not evaluated")
    merchant = report(tmp_path, declared(entity_type="merchant"))
    only = [row for row in merchant.requirements if row.requirement.service_provider_only]
    assert len(only) == 25
    assert {row.verdict for row in only} == {"candidate not applicable"}
    assert only[0].reason.endswith(
        "Only service providers have this requirement. Declared by the entity in entity.yaml: entity_type is merchant."
    )


def test_account_numbers_that_only_the_disk_protects_contradict_even_if_everything_passes(tmp_path: Path) -> None:
    for id_ in STORED:
        row = requirement(tmp_path, id_, declared(pan_storage="cleartext_on_encrypted_disk"), *PASSES)
        assert row.verdict == "contradicts"
        assert "Declared by the entity in entity.yaml: pan_storage is cleartext_on_encrypted_disk." in row.reason


@pytest.mark.parametrize("value", [None, *FACTS["pan_storage"].values], ids=str)
def test_stored_account_numbers_are_never_more_than_partly_supported(value: Value | None, tmp_path: Path) -> None:
    facts = declared(pan_storage=value) if value else None
    assert (
        requirement(tmp_path, "3.5.1", facts, *PASSES).verdict
        == {
            None: "partly supports",
            "none": "candidate not applicable",
            "tokenised": "partly supports",
            "field_encrypted": "partly supports",
            "cleartext_on_encrypted_disk": "contradicts",
        }[value]
    )


def test_a_failing_resource_outweighs_the_declaration_that_nothing_is_stored(tmp_path: Path) -> None:
    fails = make.row("encrypted-with-kms", "fail", "aws_rds_cluster.main")
    row = requirement(tmp_path, "3.5.1", declared(pan_storage="none"), fails)
    assert row.verdict == "contradicts"
    assert "What was judged outweighs entity.yaml, where pan_storage is none." in row.reason


RULES_FOR_PASSWORDS = ("8.3.6", "8.3.7", "8.3.9")


def test_an_external_identity_provider_takes_out_the_rules_for_passwords_of_iam(tmp_path: Path) -> None:
    for id_ in RULES_FOR_PASSWORDS:
        row = requirement(tmp_path, id_, declared(identity_provider="external"))
        assert row.verdict == "candidate not applicable"
        assert "Passwords at the identity provider and in applications remain in scope" in row.reason


@pytest.mark.parametrize(
    ("address", "refutes"),
    [
        ("aws_iam_user.ci", True),
        ("aws_iam_user.ci[0]", True),
        ('module.people["a"].aws_iam_user.jo', True),
        ("aws_iam_user_login_profile.jo", True),
        ("data.aws_iam_user.jo", False),
        ("module.a.data.aws_iam_user.jo", False),
        ("aws_iam_user_policy.jo", False),
        ("aws_iam_role.aws_iam_user", False),
    ],
)
def test_a_judged_iam_user_outweighs_the_declaration_that_there_are_none(
    address: str, refutes: bool, tmp_path: Path
) -> None:
    found = report(tmp_path, declared(identity_provider="external"), make.row("required-tags", "pass", address))
    row = make.requirement_of(found, "8.3.6")
    assert row.verdict == ("not evaluated" if refutes else "candidate not applicable")
    assert ("a judged aws_iam_user" in row.reason) is refutes
    answers = {name: answer for name, answer, _ in found.entity.as_rows()}
    assert ("refuted" in answers["identity_provider"]) is refutes


def test_a_trail_of_the_organisation_says_where_the_evidence_is_and_hides_none_of_ours(tmp_path: Path) -> None:
    elsewhere = declared(organisation_trail=True)
    for rows, verdict in [
        ([], "not decidable from configuration"),
        ([make.row("trail-records-the-account", "waived", "")], "not evaluated"),  # a waiver is shown, not hidden
        ([make.row("trail-records-the-account", "pass")], "partly supports"),
        ([make.row("trail-records-the-account", "undetermined")], "not evaluated"),
        ([make.row("trail-records-the-account", "fail", "")], "contradicts"),
    ]:
        assert requirement(tmp_path, "10.2.1.2", elsewhere, *rows).verdict == verdict


def test_a_question_that_nobody_answered_is_named_where_the_answer_could_matter(tmp_path: Path) -> None:
    row = requirement(tmp_path, "11.4.7", None)
    assert row.reason.endswith("Not declared in entity.yaml: entity_type, multi_tenant_provider.")
    assert "Not declared" not in requirement(tmp_path, "11.4.1", None).reason
    answered = requirement(tmp_path, "11.4.7", declared(entity_type="merchant"))
    assert "Not declared" not in answered.reason


def test_a_framework_without_facts_is_reported_without_declarations(tmp_path: Path) -> None:
    standard: Framework = make.framework(make.edge("door-is-locked"))
    assert make.report(tmp_path, standard, make.row("door-is-locked", "pass")).entity.as_rows() == ()


def test_the_report_holds_the_file_and_verify_makes_the_report_again_from_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = written(tmp_path, "pan_storage: cleartext_on_encrypted_disk\n")
    folder = tmp_path / "out"
    assert main(["report", str(make.SAMPLE), "--output", str(folder), "--entity", str(answers)]) == 0
    assert (folder / "entity.yaml").read_bytes() == answers.read_bytes()
    document = json.loads((folder / "report.json").read_text())
    assert document["entity"]["sha256"] == hashlib.sha256(answers.read_bytes()).hexdigest()
    assert {"pan_storage": "cleartext_on_encrypted_disk"}.items() <= {
        row["id"]: row["answer"] for row in document["entity"]["facts"]
    }.items()
    capsys.readouterr()
    main(["verify", str(folder)])
    untouched = capsys.readouterr().out
    assert "report.json" not in untouched
    (folder / "entity.yaml").write_text("pan_storage: none\n")
    assert main(["verify", str(folder)]) == 1
    changed = capsys.readouterr().out
    assert "entity.yaml: expected sha256" in changed
    assert "2 differences" in changed  # its digest, and the file that it is a copy of
    (folder / "entity.yaml").write_text("pan_storage: [\n")
    main(["verify", str(folder)])
    assert "nothing can be made again" in capsys.readouterr().err
