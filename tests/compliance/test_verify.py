"""Whoever changes a report, or what it was made from, is found; whoever changes nothing is not accused."""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from compliance import report_folder
from compliance.signature import read_private_key
from tests.compliance import gate_results, reports
from tests.compliance.reports import Project

FORMS = ("gate-result.json", "index.html", "report.json", "report.md")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return reports.project(tmp_path_factory.mktemp("original"))


@pytest.fixture
def project(original: Project, tmp_path: Path) -> Project:
    """A report of a test's own; its inputs are named relative to the project."""
    shutil.copytree(original.root, tmp_path / "copy")
    return Project(tmp_path / "copy")


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Path]:
    """A signed report and the public key."""
    root = tmp_path_factory.mktemp("signed")
    made = reports.project(root / "project")
    private, public = reports.keys(root)
    made.report("--key", private)
    return made, public


def swap(old: str, new: str) -> Any:
    def change(content: bytes) -> bytes:
        assert old.encode() in content
        return content.replace(old.encode(), new.encode(), 1)

    return change


# --- Nothing is changed ---------------------------------------------------------------------------------------------


def test_a_report_as_it_was_written_verifies_and_an_unsigned_one_is_called_so(project: Project) -> None:
    ran = project.verify()
    assert (ran.code, ran.err) == (0, "")
    assert "note: unsigned" in ran.out
    assert "signed by" not in ran.out
    assert ran.out.endswith("report: equal in every line to what its inputs give\n")


def test_a_waiver_that_has_ended_since_is_judged_as_of_the_day_of_the_report(project: Project) -> None:
    rows = json.loads(project.result.read_text())["assessments"]
    assert [row["address"] for row in rows if row["outcome"] == "waived"] == ["aws_launch_template.old"]
    assert "waivers as of 2026-06-01" in project.verify().out
    project.gate()  # today
    rows = json.loads(project.result.read_text())["assessments"]
    assert [row["message"] for row in rows if row["policy"] == "waiver-is-valid"] == [
        f"the waiver of imdsv2-required expired on {reports.WAIVED_UNTIL}"
    ]


def test_a_run_limited_to_some_policies_without_waivers_verifies(tmp_path: Path) -> None:
    made = reports.project(tmp_path, "--no-waivers", "--policy", "imdsv2-required", "--stack", "renamed")
    assert made.verify().code == 0


def test_a_plan_that_its_configuration_settles_verifies_only_with_that_configuration(tmp_path: Path) -> None:
    made = reports.project(tmp_path)
    unknown = {"metadata_options": [{"http_tokens": None}]}
    template = {"address": "aws_launch_template.web", "mode": "managed", "type": "aws_launch_template", "name": "web"}
    after = {"after": unknown, "after_unknown": {"metadata_options": [{"http_tokens": True}]}}
    plan = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [{**template, "values": unknown}]}},
        "resource_changes": [{**template, "change": {"actions": ["create"], **after}}],
        "configuration": {"root_module": {"resources": [{**template, "expressions": {}}]}},
    }
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    with reports.working_in(tmp_path):
        judged = ("check", "plan.json", "--configuration", "stacks/portal", "--policy", "imdsv2-required")
        reports.run(reports.policies, *judged, "--format", f"json={made.result}", "--no-waivers")
    made.report()
    document = json.loads(made.result.read_text())
    assert document["conditions"]["configuration"]["path"] == "stacks/portal"
    assert [row["outcome"] for row in document["assessments"]] == ["pass"]
    assert made.verify().code == 0
    made.stack.write_text(made.stack.read_text().replace("required", "optional"))
    ran = made.verify()
    assert ran.code == 1
    assert "input stacks/portal: expected sha256" in ran.out


def test_another_commit_is_said_and_no_difference(project: Project) -> None:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.invalid")
        subprocess.run(["git", "-C", project.root, *identity, *arguments], check=True, capture_output=True)

    git("init")
    (project.root / ".gitignore").write_text("report\n")
    git("add", ".")
    git("commit", "-m", "one")
    project.report()
    assert "made at commit" not in project.verify().out
    git("commit", "--allow-empty", "-m", "two")
    ran = project.verify()
    assert ran.code == 0
    assert "note: made at commit" in ran.out
    (project.root / "waivers.yaml").touch()
    (project.root / "new").touch()
    assert "note: verified with uncommitted changes" in project.verify().out


# --- A byte is changed ----------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(["signed", "unsigned"]),
    file=st.integers(0, 999),
    at=st.floats(0, 1, exclude_max=True),
    change=st.sampled_from(["flip", "insert", "delete"]),
    byte=st.integers(1, 255),
    demanded=st.booleans(),
)
@example(kind="unsigned", file="manifest.json", at=0.999999, change="delete", byte=1, demanded=False)
@example(kind="signed", file="manifest.dsse.json", at=0.999999, change="insert", byte=10, demanded=False)
def test_any_single_changed_byte_in_any_file_is_found(
    kind: str,
    file: int | str,
    at: float,
    change: str,
    byte: int,
    demanded: bool,
    signed: tuple[Project, Path],
    original: Project,
) -> None:
    made = original if kind == "unsigned" else signed[0]
    names = list(report_folder.read(made.folder))
    name = file if isinstance(file, str) else names[file % len(names)]
    path = made.folder / name
    content = path.read_bytes()
    place = int(at * len(content))
    middle = {"flip": bytes([content[place] ^ byte]), "insert": bytes([byte, content[place]]), "delete": b""}[change]
    path.write_bytes(content[:place] + middle + content[place + 1 :])
    try:
        ran = made.verify("--public-key", signed[1]) if demanded and kind == "signed" else made.verify()
    finally:
        path.write_bytes(content)
    assert ran.code in (1, 3), (name, place, change, byte)
    assert "internal error" not in ran.err


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"path": "stacks/portal"', '"path": "stacks/other"'),
        ('"today": "2026-06-01"', '"today": "2026-06-02"'),
        ('"version": "4.0.1"', '"version": "4.0"'),
        ('"time": "2026-06-01T12:00:00Z"', '"time": "2026-06-01T12:00:01Z"'),
        ('"time": "2026-06-01T12:00:00Z"', '"time": "2026-06-01T13:00:00+01:00"'),
        ('"is_dirty": null', '"is_dirty": false'),
        ('"signer": null', '"signer":  null'),
    ],
)
def test_a_manifest_that_says_something_else_is_found(old: str, new: str, project: Project) -> None:
    path = project.folder / "manifest.json"
    path.write_bytes(swap(old, new)(path.read_bytes()))
    ran = project.verify()
    assert ran.code == 1
    assert "manifest.json:" in ran.out


def test_the_signed_report_of_the_property_verifies_when_nothing_is_changed(signed: tuple[Project, Path]) -> None:
    made, public = signed
    assert [made.verify(*options).code for options in ((), ("--public-key", public))] == [0, 0]


@pytest.mark.parametrize("name", FORMS[1:])
def test_a_file_rewritten_together_with_its_digest_is_found_by_making_it_again(name: str, project: Project) -> None:
    project.edit(name, lambda content: content.replace(b"aws_launch_template", b"aws_lunch_template", 1))
    ran = project.verify()
    assert ran.code == 1
    (line,) = [line for line in ran.out.splitlines() if line.startswith(f"{name}:") and "lunch" in line]
    expected, _, found = line.partition(", found ")
    assert "aws_launch_template" in expected
    assert "aws_lunch_template" in found


def test_a_verdict_rewritten_in_every_form_is_found_by_judging_again(project: Project) -> None:
    def forge(document: Any) -> None:
        for row in document["assessments"]:
            if row["address"] == "aws_launch_template.old" and row["policy"] == "imdsv2-required":
                row.update(outcome="pass", waiver=None, observed="required")

    project.forge(forge)
    ran = project.verify()
    assert ran.code == 1
    place = "gate-result.json: portal, imdsv2-required, aws_launch_template.old"
    assert f'{place}: outcome: expected "waived", found "pass"' in ran.out
    assert f'{place}: observed: expected "optional", found "required"' in ran.out


@pytest.mark.parametrize("kind", ["dropped", "added"])
def test_an_assessment_dropped_or_added_in_every_form_is_found(kind: str, project: Project) -> None:
    def forge(document: Any) -> None:
        rows = document["assessments"]
        one = next(row for row in rows if row["address"] == "aws_launch_template.web")
        if kind == "dropped":
            rows.remove(one)
        else:
            rows.append(one | {"address": "aws_launch_template.ghost"})

    project.forge(forge)
    ran = project.verify()
    assert ran.code == 1
    assert ("found no such assessment" if kind == "dropped" else "ghost: expected no such assessment") in ran.out


def test_a_result_that_only_looks_different_is_found(project: Project) -> None:
    project.edit("gate-result.json", lambda content: content.replace(b'"portal"', b'"portal" ', 1))
    project.report()
    ran = project.verify()
    assert ran.code == 1
    assert ran.out.startswith("gate-result.json:")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda document: document["tools"].update(policies="0" * 64), "judged by a policy set of digest 0000"),
        (
            lambda document: document["conditions"].update(today="2026-08-01"),
            "waiver-is-valid, waivers.yaml:2: expected an assessment (fail)",
        ),
        (lambda document: document["conditions"].update(environment="production", note="x"), ": conditions: expected"),
        (lambda document: document["inputs"][0].update(sha256="0" * 64), "input stacks/portal: expected sha256 000"),
        (lambda document: document["inputs"][0].update(kind="plan"), "expected kind plan, found kind synth"),
    ],
)
def test_other_claims_of_the_result_are_held_against_what_is_so(change: Any, complaint: str, project: Project) -> None:
    project.forge(change)
    ran = project.verify()
    assert ran.code == 1
    assert complaint in ran.out


# --- What it was made from is changed -------------------------------------------------------------------------------


def test_a_changed_input_is_found(project: Project) -> None:
    project.stack.write_text(project.stack.read_text().replace("optional", "required"))
    ran = project.verify()
    assert ran.code == 1
    assert ran.out.startswith("input stacks/portal: expected sha256 ")
    assert "the policies were not run again" in ran.out


def test_changed_waivers_are_found(project: Project) -> None:
    with (project.root / "waivers.yaml").open("a") as file:
        file.write("# a word\n")
    ran = project.verify()
    assert ran.code == 1
    assert ran.out.startswith("waivers waivers.yaml: expected sha256 ")
    assert "the policies were not run again" in ran.out


def test_a_declaration_changed_in_every_form_is_found_by_the_file_it_is_a_copy_of(project: Project) -> None:
    path = project.root / "entity.yaml"
    declared = path.read_text()
    path.write_text(declared.replace("merchant", "service_provider"))
    project.report()
    assert project.verify().code == 0
    path.write_text(declared)
    ran = project.verify()
    assert ran.code == 1
    assert ran.out.startswith("entity.yaml, the copy of entity.yaml: expected sha256 ")


def test_a_declaration_that_the_manifest_does_not_name_is_found(project: Project) -> None:
    def forge(content: bytes) -> bytes:
        return content.replace(b'"entity_path": "entity.yaml"', b'"entity_path": null', 1)

    (project.folder / "manifest.json").write_bytes(forge((project.folder / "manifest.json").read_bytes()))
    ran = project.verify()
    assert ran.code == 1
    assert "entity.yaml: expected no such file (the manifest names none)" in ran.out


@pytest.mark.parametrize("name", ["stacks/portal/cdk.tf.json", "waivers.yaml", "entity.yaml"])
def test_what_is_not_there_any_more_cannot_be_verified(name: str, project: Project) -> None:
    (project.root / name).unlink()
    ran = project.verify()
    assert ran.code == 3
    assert ran.err.startswith("compliance: cannot verify: ")
    assert len(ran.err.splitlines()) == 1
    assert "equal" not in ran.out


def test_the_line_of_the_program_that_a_finding_names_is_held_against_the_synthesis(tmp_path: Path) -> None:
    body = {"//": {"metadata": {"path": "portal/web"}}, "metadata_options": {"http_tokens": "required"}}
    (tmp_path / "stacks" / "portal").mkdir(parents=True)
    sources = tmp_path / "stacks" / "portal" / "sources.json"
    sources.write_text(json.dumps({"portal/web": {"file": "infra/web.py", "line": 7}}))
    made = Project(tmp_path)
    made.stack.write_text(json.dumps({"resource": {"aws_launch_template": {"web": body}}}))
    made.gate("--policy", "imdsv2-required")
    made.report()
    assert made.verify().code == 0
    sources.write_text(json.dumps({"portal/web": {"file": "infra/web.py", "line": 8}}))
    assert '"line": 8' in made.verify().out


def test_a_result_that_does_not_name_its_conditions_cannot_be_verified(tmp_path: Path) -> None:
    made = Project(tmp_path)
    made.folder.mkdir()
    shutil.copy(gate_results.SAMPLE, made.result)
    made.report()
    ran = made.verify()
    assert ran.code == 3
    assert "does not say under which conditions it was made" in ran.err


def test_a_result_that_names_no_input_cannot_be_verified(project: Project) -> None:
    project.forge(lambda document: document.update(inputs=[], assessments=[]))
    ran = project.verify()
    assert ran.code == 3
    assert "names no input" in ran.err


# --- The folder -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*FORMS])
def test_a_missing_file_is_found(name: str, project: Project) -> None:
    (project.folder / name).unlink()
    ran = project.verify()
    assert ran.code == 1
    assert ran.out.startswith(f"{name}: expected sha256 ")
    assert "found no such file" in ran.out


@pytest.mark.parametrize("name", ["notes.txt", ".hidden", "oscal/extra.json", "empty/"])
def test_an_additional_file_is_found(name: str, project: Project) -> None:
    path = project.folder / name
    path.parent.mkdir(exist_ok=True)
    path.mkdir() if name.endswith("/") else path.touch()
    ran = project.verify()
    assert ran.code == 1
    assert ran.out.startswith(f"{name}: expected no such file")


def test_a_file_named_in_the_manifest_that_no_form_makes_is_found(project: Project) -> None:
    (project.folder / "extra.json").write_text("{}")
    statement = json.loads((project.folder / "manifest.json").read_text())
    statement["subject"].insert(0, {"name": "extra.json", "digest": {"sha256": reports.manifest.sha256(b"{}")}})
    (project.folder / "manifest.json").write_text(json.dumps(statement, indent=1) + "\n")
    ran = project.verify()
    assert ran.code == 1
    assert "extra.json: expected no such file (no form of the report makes it)" in ran.out


@pytest.mark.parametrize("name", ["index.html", "manifest.json", "gate-result.json"])
@pytest.mark.parametrize("kind", ["link", "fifo", "folder", "huge"])
def test_odd_things_in_the_place_of_files_end_with_one_line(kind: str, name: str, project: Project) -> None:
    path = project.folder / name
    aside = project.root / "aside"
    path.rename(aside)
    if kind == "link":
        path.symlink_to(aside)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        with path.open("wb") as file:
            file.truncate(1 << 40)
    ran = project.verify()
    if kind == "folder" and name != "manifest.json":  # a missing file and a folder too many: both are differences
        assert ran.code == 1
        assert f"{name}/: expected no such file" in ran.out
    else:
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (3, "", 1)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "the file is empty"),
        (b"{}", "_type is missing"),
        (b"[]", "is not an object"),
        (b'{"_type": "a", "predicateType": "b"}', "not the manifest of a control report"),
        (b'{"_type": "a", "_type": "b"}', "more than once"),
    ],
)
def test_what_is_no_manifest_ends_with_one_line(content: bytes, complaint: str, project: Project) -> None:
    (project.folder / "manifest.json").write_bytes(content)
    ran = project.verify()
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (3, "", 1)
    assert complaint in ran.err


def test_without_manifest_it_is_no_report(project: Project) -> None:
    (project.folder / "manifest.json").unlink()
    ran = project.verify()
    assert ran.code == 3
    assert "holds no manifest.json" in ran.err


def test_a_hostile_name_of_a_file_is_one_printable_line(project: Project) -> None:
    (project.folder / "a\n\x1b[31mall equal").touch()
    lines = project.verify().out.splitlines()
    assert all(line.isprintable() for line in lines)
    assert any(line.startswith("a\\n\\x1b[31mall equal: expected no such file") for line in lines)


# --- The signature --------------------------------------------------------------------------------------------------


def test_a_signature_is_valid_to_openssl_too(signed: tuple[Project, Path], tmp_path: Path) -> None:
    made, public = signed
    envelope = json.loads((made.folder / "manifest.dsse.json").read_text())
    payload = base64.b64decode(envelope["payload"])
    assert payload == (made.folder / "manifest.json").read_bytes()
    type_ = envelope["payloadType"]
    (tmp_path / "message").write_bytes(f"DSSEv1 {len(type_)} {type_} {len(payload)} ".encode() + payload)
    (tmp_path / "signature").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin"]
    command += ["-in", tmp_path / "message", "-sigfile", tmp_path / "signature"]
    assert b"Verified Successfully" in subprocess.run(command, capture_output=True, check=True).stdout


def test_a_signature_by_another_key_than_the_one_demanded_is_found(
    signed: tuple[Project, Path], tmp_path: Path
) -> None:
    ran = signed[0].verify("--public-key", reports.keys(tmp_path)[1])
    assert ran.code == 1
    assert ran.out.startswith("manifest.dsse.json: expected a signature by key ")


@pytest.mark.parametrize("demanded", [True, False])
def test_a_signature_that_was_not_made_with_the_key_it_names_is_found(
    demanded: bool, signed: tuple[Project, Path], tmp_path: Path
) -> None:
    shutil.copytree(signed[0].root, tmp_path / "copy")
    forged = Project(tmp_path / "copy")
    path = forged.folder / "manifest.dsse.json"
    envelope = json.loads(path.read_text())
    other = read_private_key(reports.keys(tmp_path)[0]).sign((forged.folder / "manifest.json").read_bytes())
    envelope["signatures"][0]["sig"] = json.loads(other)["signatures"][0]["sig"]
    path.write_text(json.dumps(envelope, indent=1) + "\n")
    ran = forged.verify("--public-key", signed[1]) if demanded else forged.verify()
    assert ran.code == 1
    assert "found a signature that does not fit" in ran.out
    assert "note: signed" not in ran.out


def test_a_demanded_signature_that_is_not_there_is_found(project: Project, tmp_path: Path) -> None:
    ran = project.verify("--public-key", reports.keys(tmp_path)[1])
    assert ran.code == 1
    assert "found none: unsigned" in ran.out


def test_a_report_made_anew_by_somebody_without_the_key_is_found_by_the_key(
    signed: tuple[Project, Path], tmp_path: Path
) -> None:
    shutil.copytree(signed[0].root, tmp_path / "copy")
    forged = Project(tmp_path / "copy")
    forged.stack.write_text(forged.stack.read_text().replace("optional", "required"))
    (forged.root / "waivers.yaml").write_text("waivers: []\n")
    forged.gate()
    forged.report("--key", reports.keys(tmp_path)[0])
    assert forged.verify().code == 0  # it is consistent; only the key tells
    assert forged.verify("--public-key", signed[1]).code == 1


def test_a_removed_signature_is_missed(signed: tuple[Project, Path], tmp_path: Path) -> None:
    shutil.copytree(signed[0].root, tmp_path / "copy")
    stripped = Project(tmp_path / "copy")
    (stripped.folder / "manifest.dsse.json").unlink()
    ran = stripped.verify()
    assert ran.code == 1
    assert "which the manifest names, found no such file" in ran.out
    assert "note: signed" not in ran.out


def test_a_signature_that_the_manifest_does_not_name_is_found(project: Project, signed: tuple[Project, Path]) -> None:
    shutil.copy(signed[0].folder / "manifest.dsse.json", project.folder)
    ran = project.verify()
    assert ran.code == 1
    assert "the manifest names no signer" in ran.out


def test_a_report_made_without_the_key_leaves_no_signature_of_an_earlier_one(
    signed: tuple[Project, Path], tmp_path: Path
) -> None:
    shutil.copytree(signed[0].root, tmp_path / "copy")
    unsigned = Project(tmp_path / "copy")
    unsigned.report()
    assert not (unsigned.folder / "manifest.dsse.json").exists()
    assert unsigned.verify().code == 0


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "no such file"),
        (b"", "not a private key in PEM"),
        (b"x" * 100_000, "larger than the limit of 64 KiB"),
        (["genpkey", "-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "not an Ed25519 key"),
        (["genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:word"], "the key is encrypted"),
    ],
    ids=["missing", "empty", "large", "another kind", "encrypted"],
)
def test_what_is_no_key_ends_with_one_line_and_nothing_is_written(
    content: Any, complaint: str, project: Project, tmp_path: Path
) -> None:
    key = tmp_path / "key.pem"
    if isinstance(content, list):
        subprocess.run(["openssl", *content, "-out", key], check=True, capture_output=True)
    elif content is not None:
        key.write_bytes(content)
    before = report_folder.read(project.folder)
    with reports.working_in(project.root):
        ran = reports.run(reports.compliance, "report", "report/gate-result.json", "--output", "report", "--key", key)
    assert (ran.code, len(ran.err.splitlines())) == (3, 1)
    assert complaint in ran.err
    assert report_folder.read(project.folder) == before


# --- The other judges -----------------------------------------------------------------------------------------------


def test_checkov_is_asked_again_unless_told_otherwise(tmp_path: Path) -> None:
    made = reports.project(tmp_path, "--checkov")
    assert made.verify().code == 0
    assert "Checkov was not run again" in made.verify("--without-checkov").out

    def forge(document: Any) -> None:
        row = next(row for row in document["assessments"] if row["engine"] == "checkov" and row["outcome"] == "fail")
        row["outcome"] = "pass"

    made.forge(forge)
    assert made.verify("--without-checkov").code == 0
    ran = made.verify()
    assert ran.code == 1
    assert ': outcome: expected "fail", found "pass"' in ran.out


def test_without_checkov_a_waiver_of_its_checks_that_is_not_valid_is_no_difference(tmp_path: Path) -> None:
    made = reports.project(tmp_path)
    with (tmp_path / "waivers.yaml").open("a") as file:
        file.write(
            reports.WAIVERS.partition("\n")[2]
            .replace("imdsv2-required", "CKV_AWS_79")
            .replace("2026-06-30", "2026-05-02")
        )
    made.gate("--today", reports.JUDGED_ON, "--checkov")
    made.report()
    assert "the waiver of CKV_AWS_79 expired" in made.result.read_text()
    assert made.verify("--without-checkov").code == 0
    assert made.verify().code == 0


def test_terraform_is_asked_again_when_told_to(tmp_path: Path, terraform: str) -> None:
    made = Project(tmp_path)
    made.stack.parent.mkdir(parents=True)
    made.stack.write_text(json.dumps({"resource": {"terraform_data": {"x": {"nonsense": 1}}}}))
    made.gate("--validate", code=3)  # no resource that a policy judges: Terraform alone has something to say
    assert "Extraneous JSON object property" in made.result.read_text()
    made.report()
    assert made.verify("--validate").code == 0
    assert "terraform validate was not run again" in made.verify().out

    made.forge(lambda document: document["validation"][0].update(outcome="pass", message="valid"))
    assert made.verify().code == 0
    ran = made.verify("--validate")
    assert ran.code == 1
    assert "terraform validate of portal: expected fail (Terraform " in ran.out


def test_a_crash_is_neither_equal_nor_a_difference(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compliance.verify.report_files", lambda report: 1 / 0)
    ran = project.verify()
    assert (ran.code, len(ran.err.splitlines())) == (3, 1)
    assert "internal error: ZeroDivisionError" in ran.err
