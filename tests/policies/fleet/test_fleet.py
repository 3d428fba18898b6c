"""A fleet gives the result that `check` gives, whatever inputs are among it, and says what it could not judge."""

import gzip
import json
import os
import socket
from pathlib import Path

import pytest

from tests.policies.conftest import write
from tests.policies.fleet.conftest import FAILS, IMDS, PASSES, Estate

PLAN = {
    "format_version": "1.2",
    "terraform_version": "1.11.4",
    "planned_values": {"root_module": {"resources": []}},
    "resource_changes": [
        {
            "address": "aws_launch_template.web",
            "mode": "managed",
            "type": "aws_launch_template",
            "name": "web",
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": {"actions": ["create"], "before": None, "after": {"name": "web"}, "after_unknown": {}},
        }
    ],
    "configuration": {"root_module": {}},
}
STATE = {
    "format_version": "1.0",
    "terraform_version": "1.11.4",
    "values": {
        "root_module": {
            "resources": [
                {
                    "address": "aws_launch_template.web",
                    "mode": "managed",
                    "type": "aws_launch_template",
                    "name": "web",
                    "provider_name": "registry.terraform.io/hashicorp/aws",
                    "values": {"name": "web"},
                }
            ]
        }
    },
}
CALLS_A_MODULE = {**FAILS, "module": {"network": {"source": "./network"}}}
NO_NAME = "Expecting property name enclosed in double quotes"  # the words of Python's parser
WAIVERS = """\
waivers:
  - policy: {policy}
    stack: [s1, s4, gone]
    addresses: [{address}]
    matches: 1
    reason: The instances are replaced next month, and nothing reaches them until then.
    owner: platform
    ticket: OPS-1
    created: 2025-12-01
    expires: 2026-02-01
"""


def test_result_has_the_bytes_that_check_gives(estate: Estate, engine: tuple[str, ...]) -> None:
    fleet, check = estate.fleet("estate/*", *engine), estate.check(*sorted(Path(estate.folder, "estate").iterdir()))
    assert check.code == 1
    assert fleet.code == check.code
    assert fleet.out == check.out.replace(f"{estate.folder}/", "")


def test_order_of_the_inputs_is_that_of_the_arguments(estate: Estate) -> None:
    given = [f"estate/s{number}" for number in (5, 0, 3, 1)]
    assert estate.fleet(*given).out == estate.check(*given).out


def test_synthesized_folder_stands_for_its_stacks(estate: Estate) -> None:
    (estate.folder / "cdktf.out").mkdir()
    os.rename(estate.folder / "estate", estate.folder / "cdktf.out" / "stacks")
    fleet = estate.fleet("cdktf.out")
    assert len(fleet.json["inputs"]) == 7
    assert fleet.out == estate.check("cdktf.out").out


def test_plan_and_state_of_one_stack_are_merged_as_check_does(empty_estate: Estate) -> None:
    plan = write(empty_estate.folder / "plans" / "shop.json", PLAN)
    state = write(empty_estate.folder / "states" / "shop.json", STATE)
    fleet, check = empty_estate.fleet(plan, state, *IMDS), empty_estate.check(plan, state, *IMDS)
    assert [one["kind"] for one in fleet.json["inputs"]] == ["plan", "state"]
    assert fleet.out == check.out


@pytest.mark.parametrize("asked", [(), IMDS, (*IMDS, "--policy", "modules-are-judged")])
def test_one_stack_with_a_module_is_told_as_check_tells_it(estate: Estate, asked: tuple[str, ...]) -> None:
    estate.add("s3", CALLS_A_MODULE)
    paths = [f"estate/s{number}" for number in range(7)]
    fleet = estate.fleet(*paths, *asked)
    assert "modules-are-judged" in fleet.out
    assert fleet.out == estate.check(*paths, *asked).out


@pytest.mark.parametrize(
    ("policy", "address"),
    [
        ("imdsv2-required", "aws_launch_template.web"),
        ("imdsv2-required", "aws_launch_template.*"),
        ("imdsv2-required", "aws_launch_template.gone"),
        ("imdsv2-requierd", "aws_launch_template.web"),
    ],
)
def test_waivers_apply_as_in_check(estate: Estate, policy: str, address: str) -> None:
    waivers = write(estate.folder / "accepted.yaml", WAIVERS.format(policy=policy, address=address))
    options = ("--waivers", waivers, "--today", "2026-01-01", "--format", "json", *IMDS)
    paths = [f"estate/s{number}" for number in range(7)]
    fleet, check = estate.run("fleet", *paths, *options), estate.run("check", *paths, *options)
    assert "accepted.yaml:2" in fleet.out or '"outcome": "waived"' in fleet.out
    assert (fleet.code, fleet.out) == (check.code, check.out)


def test_baseline_applies_as_in_check(estate: Estate) -> None:
    paths = [f"estate/s{number}" for number in range(7)]
    estate.run("baseline", "write", *paths, "--no-waivers", "--output", "old.json")
    assert (estate.folder / "old.json").exists()
    estate.add("s1", PASSES)
    fleet = estate.fleet(*paths, "--baseline", "old.json")
    check = estate.check(*paths, "--baseline", "old.json")
    assert '"policy": "baseline-is-current"' in fleet.out
    assert '"baseline": true' in fleet.out
    assert (fleet.code, fleet.out) == (check.code, check.out)


@pytest.mark.parametrize("name", ["sarif", "junit", "github", "gitlab", "markdown"])
def test_other_formats_have_the_bytes_that_check_gives(estate: Estate, name: str) -> None:
    paths = [f"estate/s{number}" for number in range(7)]
    options = ("--no-waivers", "--today", "2026-01-01", "--format", name, *IMDS)
    assert estate.run("fleet", *paths, *options).out == estate.run("check", *paths, *options).out


def test_bad_inputs_are_listed_and_the_others_judged(estate: Estate, engine: tuple[str, ...]) -> None:
    estate.add("bad1", '{"resource": {')
    estate.add("bad2", "")
    (estate.folder / "estate" / "empty").mkdir()
    good = [f"estate/s{number}" for number in range(7)]
    fleet = estate.fleet("estate/*", "nowhere", "none/*.json", *engine)
    assert fleet.code == 3
    refused = {one["path"]: one["reason"] for one in fleet.json["refused"]}
    assert refused == {
        "estate/bad1": f"estate/bad1/cdk.tf.json:1:15: not valid JSON: {NO_NAME}",
        "estate/bad2": "estate/bad2/cdk.tf.json: the file is empty",
        "estate/empty": "estate/empty: no *.tf.json file in it",
        "none/*.json": "none/*.json: nothing matches",
        "nowhere": "nowhere: no such file or folder",
    }
    assert all(f"policies: {reason}" in fleet.err.splitlines() for reason in refused.values())
    rest = fleet.json
    del rest["refused"]
    assert rest == estate.check(*good).json


def test_report_and_diff_refuse_a_result_that_lacks_inputs(estate: Estate) -> None:
    estate.add("bad", "")
    estate.run("fleet", "estate/*", "--format", "json=fleet.json")
    done = estate.run("diff", "fleet.json", "fleet.json")
    assert done.code == 3
    assert "1 input could not be judged, such as estate/bad: mend them" in done.err


def test_two_stacks_of_one_name_are_refused_both_and_kept_apart_by_their_paths(estate: Estate) -> None:
    twin = write(estate.folder / "other" / "s1" / "cdk.tf.json", PASSES)
    fleet = estate.fleet("estate/*", twin.parent.relative_to(estate.folder), *IMDS)
    assert fleet.code == 3
    assert [one["path"] for one in fleet.json["refused"]] == ["estate/s1", "other/s1"]
    assert "estate/s1: other/s1 also shows a stack named 's1': --names path keeps them apart" in fleet.err
    assert "s1" not in {one["stack"] for one in fleet.json["assessments"]}
    apart = estate.fleet("estate/*", "other/*", "--names", "path", *IMDS)
    outcomes = {one["stack"]: one["outcome"] for one in apart.json["assessments"]}
    assert len(outcomes) == 8
    assert (outcomes["estate/s1"], outcomes["other/s1"]) == ("fail", "pass")


def test_parts_of_one_module_are_refused(estate: Estate) -> None:
    write(estate.folder / "estate" / "s1" / "more.tf.json", PASSES)
    fleet = estate.fleet("estate/*/*.tf.json")
    assert [one["path"] for one in fleet.json["refused"]] == ["estate/s1/cdk.tf.json", "estate/s1/more.tf.json"]
    assert "cdk.tf.json is a part of the same module: judge estate/s1" in fleet.err
    assert len(fleet.json["inputs"]) == 6


def test_pattern_may_cross_folders_and_leave_some_out(estate: Estate) -> None:
    fleet = estate.fleet("**/cdk.tf.json", "estate/s1/cdk.tf.json", "--exclude", "estate/s[24]/*")
    assert [one["path"] for one in fleet.json["inputs"]] == [f"estate/s{one}/cdk.tf.json" for one in (0, 1, 3, 5, 6)]


def test_what_is_no_file_is_refused_without_waiting_for_it(estate: Estate) -> None:
    os.mkfifo(estate.folder / "estate" / "pipe.json")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(estate.folder / "estate" / "socket.json"))
        fleet = estate.fleet("estate/*")
    assert [one["path"] for one in fleet.json["refused"]] == ["estate/pipe.json", "estate/socket.json"]
    assert fleet.err.count("not a regular file") == 2


@pytest.mark.parametrize(
    ("contents", "options", "code"),
    [
        ([PASSES], (), 0),
        ([PASSES, FAILS], (), 1),
        ([PASSES, {"resource": {"null_resource": {"x": {}}}}], (), 3),
        ([], (), 3),
    ],
)
def test_exit_code_is_that_of_check(
    empty_estate: Estate, contents: list[object], options: tuple[str, ...], code: int
) -> None:
    (empty_estate.folder / "estate").mkdir()
    for number, content in enumerate(contents):
        empty_estate.add(f"s{number}", content)
    assert empty_estate.fleet("estate/*", *IMDS, *options).code == code


@pytest.mark.parametrize(("options", "code"), [((), 2), (("--undetermined", "warn"), 0)])
def test_undetermined_fails_unless_it_may_not(estate: Estate, options: tuple[str, ...], code: int) -> None:
    assert estate.fleet("estate/s2", *IMDS, *options).code == code


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("estate/*", "--format", "xml"), "--format xml: not one of text, json"),
        (("estate/*", "--format", "text", "--format", "json"), "two formats for standard output"),
        (("estate/*", "--policy", "imdsv2-requierd"), "did you mean imdsv2-required?"),
        (("estate/*", "--workers", "0"), "'0' is not a number of processes"),
        (("estate/*", "--scheduler", "tcp://127.0.0.1:1"), "--scheduler: goes with --engine dask"),
        (
            ("estate/*", "--engine", "dask", "--scheduler", "x", "--workers", "2"),
            "--workers: the cluster of",
        ),
        (("gs://bucket/*",), "only s3:// is read, and paths"),
        (("estate/*", "--resume", "estate/s0/cdk.tf.json"), "cannot be written"),
        ((), "required: PATH"),
    ],
)
def test_wrong_use_is_one_clear_line_and_exit_code_3(estate: Estate, arguments: tuple[str, ...], message: str) -> None:
    run = estate.run("fleet", "--no-progress", *arguments)
    lines = [line for line in run.err.splitlines() if message in line]
    assert run.code == 3
    assert len(lines) == 1
    assert "Traceback" not in run.err


def test_text_says_what_most_stacks_lack_and_what_was_not_judged(estate: Estate) -> None:
    estate.add("bad", "")
    run = estate.run("fleet", "estate/*", *IMDS, "--no-waivers")
    assert run.code == 3
    lines = [" ".join(line.split()) for line in run.out.splitlines()]
    assert "3 1 4 imdsv2-required (high)" in lines
    assert "1 0 0 s1 (estate/s1)" in lines
    assert "estate/bad/cdk.tf.json: the file is empty" in lines
    assert lines[-3:] == [
        "7 inputs, 7 stacks, 7 resources judged; 1 inputs refused",
        "3 pass, 3 fail, 1 undetermined, 0 not-applicable, 0 waived",
        "not judged (exit code 3)",
    ]


def test_progress_is_told_on_standard_error_alone(estate: Estate) -> None:
    run = estate.fleet("estate/*", "--workers", "1")
    assert "policies: 7 of 7 inputs, 7 judged in " in run.err
    assert "1 workers, at most " in run.err
    assert not estate.fleet("estate/*", "--no-progress").err


def test_result_of_an_earlier_run_does_not_outlive_a_run_that_fails(estate: Estate) -> None:
    write(estate.folder / "fleet.json", "of yesterday")
    assert estate.run("fleet", "estate/*", "--waivers", "gone.yaml", "--format", "json=fleet.json").code == 3
    assert not (estate.folder / "fleet.json").exists()


def test_compressed_result_is_the_result(estate: Estate) -> None:
    estate.run("fleet", "estate/*", "--today", "2026-01-01", "--format", "json=a.json.gz", "--format", "json=a.json")
    packed = (estate.folder / "a.json.gz").read_bytes()
    assert json.loads(gzip.decompress(packed)) == json.loads((estate.folder / "a.json").read_text())
    estate.run("fleet", "estate/*", "--today", "2026-01-01", "--format", "json=a.json.gz")
    assert (estate.folder / "a.json.gz").read_bytes() == packed
