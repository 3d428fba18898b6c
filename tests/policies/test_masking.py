"""What looks like a credential stands in no output, of whatever format; what does not is left as it is."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from compliance.__main__ import main as compliance
from policies import documents, engine
from policies.__main__ import main
from policies.errors import InputError
from policies.formats import FORMATS
from policies.masking import MASK, masked, masked_value
from policies.model import Policy
from policies.recorded_result import parse_gate_result
from policies.result import Validation
from tests.policies.conftest import write
from tests.policies.formats.results import assessment, waiver
from tests.policies.planted import NAMED, SHAPED, in_every_place, leaked, plan, random_text

EVERY = SHAPED | NAMED


@pytest.mark.parametrize("name", SHAPED)
def test_a_credential_is_told_by_its_shape_and_nothing_of_it_is_left(name: str) -> None:
    for text in ("{}", "see {} there", 'x="{}"', "a\n{}\nb"):
        shown = masked(text.format(SHAPED[name]))
        assert MASK in shown
        assert leaked(shown, {name: SHAPED[name]}) == []
        assert masked(shown) == shown


def test_a_private_key_is_masked_to_its_end_or_to_where_it_was_cut() -> None:
    key = SHAPED["private key"]
    assert masked(f"a {key} b") == f"a {MASK} b"
    assert leaked(masked(key[:60]), {"half": key[32:60]}) == []
    assert masked(json.dumps(key)) == f'"{MASK}"'


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:portal/database-AbCdEf",
        "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role",
        "https://example.org/path?x=1",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "aws_cloudwatch_log_group.transactions_compute_ServeTransactions_log_group_4E8F2A1B",
        "${aws_secretsmanager_secret.database.arn}",
        "AWSServiceRoleForRDSAndSomeOtherThings12",
        "/aws/lambda/rotate-database-secret-dev",
        "ami-0abcdef1234567890",
        "IMDSv1 is answered: http_tokens is not set, and the default is optional",
        "the secret: it is rotated, and the token, too",  # in a script it would be an assignment
    ],
)
def test_names_arns_digests_and_sentences_are_left(text: str) -> None:
    assert masked(text) == text
    assert ": it" in text or masked_value(text, "aws_s3_bucket.b", "tags.Name") == text


@pytest.mark.parametrize(
    ("path", "value", "shown"),
    [
        ("master_password", "orangutan", MASK),
        ("environment[0].variables.DB_PASSWORD", "orangutan", MASK),
        ("environment[0].variables", {"DB_PASSWORD": "orangutan", "PORT": "1"}, {"DB_PASSWORD": MASK, "PORT": "1"}),
        ("api_keys[0].secret", ["one", "two"], [MASK, MASK]),
        ("password", 12345678, MASK),
        ("password", None, None),
        ("password", "", ""),
        ("manage_master_user_password", True, True),
        ("master_password", "${var.password}", "${var.password}"),
        ("master_password", "${random_password.x.result}", "${random_password.x.result}"),
        ("master_password", '${data.x.y["password"]}', '${data.x.y["password"]}'),
        ("master_password", "orang${var.x}", MASK),
        ("master_password", '${var.x == "" ? "orangutan" : var.x}', MASK),
        ("user_data", '${base64encode(sensitive("orangutan"))}', f"${{base64encode({MASK})}}"),
        ("credentials", "arn:aws:iam::123456789012:role/api", "arn:aws:iam::123456789012:role/api"),
        ("creation_token", "files", "files"),
        ("custom_header", {"name": "x-api-key", "value": "orangutan"}, {"name": "x-api-key", "value": MASK}),
        ("parameter", {"name": "rds.force_ssl", "value": "1"}, {"name": "rds.force_ssl", "value": "1"}),
        ("user_data", "PASSWORD=orangutan\nPORT=1", f"PASSWORD={MASK}\nPORT=1"),
        ("user_data", "export TOKEN='a b'; x", f"export TOKEN='{MASK}'; x"),
        ("policy", '{"password": "a\\"b", "x": 1}', f'{{"password": "{MASK}", "x": 1}}'),
        ("x", '[{"name": "DB_PASSWORD", "value": "orangutan"}]', f'[{{"name": "DB_PASSWORD", "value": "{MASK}"}}]'),
        ("user_data", "password=$(aws secretsmanager get-secret-value)", None),
        ("user_data", "password=$DB_PASSWORD", None),
        ("values", random_text("header", 40), MASK),
        ("source_code_hash", random_text("hash", 44), None),
        ("http_tokens", "required", None),
    ],
)
def test_a_value_is_masked_by_the_name_that_it_stands_under(path: str, value: Any, shown: Any) -> None:
    expected = value if shown is None else shown
    found = masked_value(value, "aws_lambda_function.f", path)
    assert found == expected
    assert masked_value(found, "aws_lambda_function.f", path) == found


def test_the_schema_of_the_provider_tells_what_no_name_tells() -> None:
    assert masked_value("umbrella", "aws_ssm_parameter.p", "value") == MASK
    assert masked_value("umbrella", 'module.a["x"].aws_ssm_parameter.p[0]', "value") == MASK
    assert masked_value("umbrella", "aws_lb_listener_rule.p", "value") == "umbrella"


def test_everything_masks_itself_when_it_is_made() -> None:
    key = SHAPED["access key"]
    made: list[Any] = [
        assessment(address=f'aws_x.y["{key}"]', attribute=f"a.{key}", observed={key: [key]}, message=key),
        assessment(remediation=key, construct_path=f"a/{key}"),
        waiver(addresses=(f'aws_x.y["{key}"]',), reason=key, owner=key, ticket=key, compensating_control=key),
        Validation("portal", "fail", "1.11.4", f"Error: {key}"),
    ]
    assert [one for one in made if key in repr(one)] == []


def test_a_message_does_not_repeat_what_is_masked_beside_it() -> None:
    one = assessment(
        attribute="master_password", observed="orangutan", message="orangutan is short, orangutans are not"
    )
    assert one.message == f"{MASK} is short, orangutans are not"


def test_the_fingerprint_says_nothing_of_the_value() -> None:
    """Nor does it change with the value: a digest that did would be what guessing needs."""
    keys = (SHAPED["access key"], SHAPED["session key"])
    ones = [assessment(address=f'aws_x.y["{key}"]', observed=key, message=key) for key in keys]
    assert ones[0].fingerprint == ones[1].fingerprint
    assert ones[0].fingerprint != assessment(address="aws_x.y").fingerprint


def test_two_instances_that_would_be_one_are_refused(tmp_path: Path) -> None:
    """A waiver of the one would waive the other."""
    keys = {SHAPED["access key"]: "x", SHAPED["session key"]: "y"}
    stack = {"resource": {"aws_launch_template": {"web": {"for_each": keys}}}}
    with pytest.raises(InputError, match="the keys of two instances look like credentials") as refused:
        documents.read([write(tmp_path / "x.tf.json", stack)])
    assert leaked(str(refused.value), EVERY) == []
    named = {**in_every_place("x"), "//": {"metadata": {"stackName": SHAPED["access key"]}}}
    with pytest.raises(InputError, match="the name of its stack looks like a credential"):
        documents.read([write(tmp_path / "y.tf.json", named)])


def test_a_waiver_names_what_the_gate_shows(tmp_path: Path) -> None:
    key = SHAPED["access key"]
    stack = {"resource": {"aws_launch_template": {"web": {"for_each": {key: "x"}, "metadata_options": {}}}}}
    path = write(tmp_path / "x.tf.json", stack)
    entry = f"""waivers:
  - policy: imdsv2-required
    stack: x
    addresses: ['aws_launch_template.web["{MASK}"]']
    reason: The vendor's agent on these machines still speaks the old protocol.
    owner: platform-team
    ticket: PLAT-12
    created: 2026-11-01
    expires: 2027-04-01
"""
    accepted = write(tmp_path / "waivers.yaml", entry)
    given = ["check", str(path), "--waivers", str(accepted), "--policy", "imdsv2-required", "--today", "2026-11-22"]
    assert main(given) == 0


def test_a_policy_that_breaks_repeats_no_secret(tmp_path: Path) -> None:
    def judge(resource: Any, graph: Any) -> Any:
        raise ValueError(f"cannot use {resource.attribute('password').text}")
        yield

    broken = Policy("x", "x", "x", "high", ("aws_db_instance",), judge)
    [document] = documents.read([write(tmp_path / "x.tf.json", in_every_place("x"))])
    [one] = engine.assess(document.graph, "x", [broken])
    assert one.message == f"the policy failed: ValueError: cannot use {MASK}"


def outputs(folder: Path, path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """Every output of every command on an input that is full of credentials: what it is -> its text."""
    empty = write(folder / "empty" / "x.tf.json", {"resource": {"aws_lb": {"l": {}}}}).parent
    files = {f"check {kind}": folder / f"out.{kind}" for kind in FORMATS}
    files["baseline.json"] = folder / "baseline.json"
    formats = [f"--format={kind}={folder / f'out.{kind}'}" for kind in FORMATS]
    commands = {
        "check": ["check", path, "--no-waivers", "--stack=x", *formats],
        "check on the terminal": ["check", path, "--no-waivers", "--stack=x"],
        "diff": ["diff", empty, path, "--stack=x"],
        "diff json": ["diff", path, empty, "--stack=x", "--format=json"],
        "diff markdown": ["diff", empty, path, "--stack=x", "--format=markdown"],
        "baseline": ["baseline", "write", path, "--no-waivers", "--stack=x", "--output", folder / "baseline.json"],
        "no such policy": ["check", path, "--policy", SHAPED["access key"]],
        "no such address": ["check", path, "--address", SHAPED["access key"]],
        "no such option": ["check", path, f"--{SHAPED['github']}"],
    }
    said: dict[str, str] = {}
    for what, command in commands.items():
        capsys.readouterr()
        with contextlib.suppress(SystemExit):
            main([str(one) for one in command])
        printed = capsys.readouterr()
        assert "internal error" not in printed.err, printed.err
        said[what] = printed.out + printed.err
    assert [what for what, file in files.items() if not file.exists()] == []
    return said | {what: file.read_text() for what, file in files.items()}


@pytest.mark.parametrize(
    ("name", "kind"),
    [*((one, "synth") for one in ("access key", "secret key", "private key", "jwt", "url")), ("github fine", "plan")],
)
def test_no_output_holds_what_looks_like_a_credential(
    name: str, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = in_every_place if kind == "synth" else plan
    found = outputs(tmp_path, write(tmp_path / "x.tf.json", made(SHAPED[name])), capsys)
    assert {what: leaked(text, EVERY) for what, text in found.items() if leaked(text, EVERY)} == {}
    assert MASK in found["check json"]
    assert json.loads(found["check json"])["assessments"]


def test_checkov_s_findings_are_masked_too(tmp_path: Path) -> None:
    write(tmp_path / "x.tf.json", in_every_place(SHAPED["access key"]))
    result = tmp_path / "result.json"
    assert main(["check", str(tmp_path / "x.tf.json"), "--no-waivers", "--checkov", f"--format=json={result}"]) == 1
    assert leaked(result.read_text(), EVERY) == []
    observed = [row["observed"] for row in json.loads(result.read_text())["assessments"] if row["engine"] == "checkov"]
    assert any(MASK in json.dumps(one) for one in observed)


@pytest.mark.parametrize("name", ["access key", "private key", "url"])
def test_no_form_of_the_report_holds_one_and_the_report_verifies(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "x.tf.json", in_every_place(SHAPED[name]))
    assert main(["check", "x.tf.json", "--no-waivers", "--format=json=result.json"]) == 1
    assert compliance(["report", "result.json", "--output", "r", "--pdf=no", "--time", "2026-11-22T00:00:00Z"]) == 0
    files = [path for path in (tmp_path / "r").rglob("*") if path.is_file()]
    assert len(files) > 10
    assert {path.name: found for path in files if (found := leaked(path.read_text(), EVERY))} == {}
    capsys.readouterr()
    assert compliance(["verify", "r"]) == 0, capsys.readouterr()
    write(tmp_path / "x.tf.json", in_every_place(SHAPED["github"]))
    assert compliance(["verify", "r"]) == 1
    said = capsys.readouterr()
    assert leaked(said.out + said.err, EVERY) == []


def test_a_result_of_somebody_else_is_masked_when_read_and_no_report_copies_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "x.tf.json", in_every_place("x"))
    main(["check", str(tmp_path / "x.tf.json"), "--no-waivers", f"--format=json={tmp_path / 'result.json'}"])
    content = json.loads((tmp_path / "result.json").read_text())
    assert parse_gate_result(json.dumps(content).encode(), "x").unmasked == ""
    content["assessments"][3] |= {"attribute": "master_password", "observed": NAMED["master"]}
    path = write(tmp_path / "foreign.json", content)
    read = parse_gate_result(path.read_bytes(), "foreign.json")
    assert read.unmasked == "foreign.json: assessments[3]"
    assert leaked(repr(read.assessments), EVERY) == []
    capsys.readouterr()
    assert compliance(["report", str(path), "--output", str(tmp_path / "r"), "--pdf=no"]) == 3
    said = capsys.readouterr().err
    assert "assessments[3]: holds what looks like a credential" in said
    assert leaked(said, EVERY) == []
    assert not (tmp_path / "r").exists()


def test_an_answer_of_the_entity_that_holds_one_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "x.tf.json", in_every_place("x"))
    main(["check", str(tmp_path / "x.tf.json"), "--no-waivers", f"--format=json={tmp_path / 'result.json'}"])
    entity = write(tmp_path / "entity.yaml", f"# asked on 22 November\n# {SHAPED['slack']}\nentity_type: merchant\n")
    capsys.readouterr()
    assert compliance(["report", str(tmp_path / "result.json"), "--entity", str(entity), "--pdf=no"]) == 3
    said = capsys.readouterr().err
    assert "entity.yaml:2: what looks like a credential does not belong here" in said
    assert leaked(said, EVERY) == []


def test_a_baseline_holds_no_digest_of_a_value(tmp_path: Path) -> None:
    """Two passwords have the same entry: a digest of the value could be tried against every password there is."""
    found = []
    for word in ("orangutan", "chimpanzee"):
        body = {"name": "x", "tags": {"db_password": word}}
        write(tmp_path / "x.tf.json", {"resource": {"aws_launch_template": {"web": body}}})
        main(
            [
                "baseline",
                "write",
                str(tmp_path / "x.tf.json"),
                "--no-waivers",
                "--output",
                str(tmp_path / f"{word}.json"),
            ]
        )
        found.append((tmp_path / f"{word}.json").read_text())
    assert found[0] == found[1]
    assert '"required-tags"' in found[0]


@pytest.mark.parametrize("text", ["\x1b]0;owned\x07", "\x1b[2J", "a\r\nb", "\u202etxt", "::error::forged"])
def test_a_line_about_bad_input_moves_no_terminal(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line quotes what it found, in one line, and begins with our name: no workflow command begins there."""
    path = tmp_path / f"{text.strip()}.tf.json"
    for content in ({"resource": {"aws_lb": {text: "no object"}}}, {text: {}}, "{"):
        write(path, content)
        assert main(["check", str(path)]) == 3
        said = capsys.readouterr().err
        assert said.startswith("policies: ")
        assert said.count("\n") == 1
        assert all(one.isprintable() for one in said.rstrip("\n")), said
    assert main(["check", str(path), "--policy", text]) == 3
    assert all(one.isprintable() for one in capsys.readouterr().err.rstrip("\n"))


def test_a_key_of_an_instance_and_a_stack_move_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a command says by itself, beside the formats."""
    path = tmp_path / "x.tf.json"
    key, metadata = "\x1b[2Ja\u202e", {"stackName": "\x1b[31mred"}
    web = {"for_each": {key: "x"}, "metadata_options": {}}
    write(path, {"//": {"metadata": metadata}, "resource": {"aws_launch_template": {"web": web}}})
    judged = ["--policy", "imdsv2-required", "--today", "2026-11-22"]
    main(["check", str(path), *judged, "--no-waivers", f"--format=json={tmp_path / 'r.json'}"])
    [row] = json.loads((tmp_path / "r.json").read_text())["assessments"]
    why = ["--reason", "The vendor's agent still speaks the old protocol.", "--owner", "a", "--ticket", "b"]
    accepted = [
        row["fingerprint"],
        str(path),
        *judged,
        "--waivers",
        str(tmp_path / "w.yaml"),
        "--expires",
        "2026-12-01",
    ]
    assert main(["waive", *accepted, *why]) == 0
    write(path, {"//": {"metadata": metadata}, "resource": {"aws_sns_topic": {"x": {}}}})
    for command in ("check", "baseline write", "diff"):
        paths = [str(path)] * (2 if command == "diff" else 1)
        assert main([*command.split(), *paths, *judged, "--no-waivers", f"--output={tmp_path / 'out'}"]) == 3
    said = capsys.readouterr()
    assert "\\u001b[2Ja\\u202e" in said.out
    assert said.err.count("\\x1b[31mred: no resource in it was judged") >= 3
    assert all(one.isprintable() for one in (said.out + said.err).replace("\n", ""))


def test_hostile_texts_cost_no_more_than_long_ones() -> None:
    """Every repetition is bounded; this takes minutes where one is not."""
    for part in (
        "mysql ",
        "a://",
        "-----BEGIN PRIVATE KEY-----",
        "curl -u a",
        "eyJ",
        '"name":"x_key","value":"',
        "\\",
        "x.",
        "${",
    ):
        text = part * (100_000 // len(part))
        masked.__wrapped__(text)
        masked_value(text, "aws_x.y", "user_data")


def test_the_policies_look_for_what_is_masked() -> None:
    """One list of shapes: what is masked as a credential is one to the policies about credentials."""
    from policies.secrets.credentials import credentials_in

    told_by_shape = {name: value for name, value in SHAPED.items() if name != "secret key"}
    assert [name for name, value in told_by_shape.items() if not list(credentials_in(f"x {value} x"))] == []
