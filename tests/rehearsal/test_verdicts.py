"""Verdicts are compared resource by resource, policy by policy."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from policies.model import Assessment, Outcome
from rehearsal import verdicts
from rehearsal.errors import NotRehearsedError
from rehearsal.gaps import Gap

KEY = ("tagged", "aws_thing.one")


def verdict(outcome: Outcome, message: str = "as seen", attribute: str = "") -> dict[tuple[str, str], Assessment]:
    one = Assessment(KEY[0], "policies", "tiny", KEY[1], outcome, "low", attribute, None, message, "Mend it.")
    return {KEY: one}


@pytest.mark.parametrize("outcome", ["pass", "fail", "undetermined", "not-applicable"])
def test_the_same_outcome_throughout_is_no_difference(outcome: Outcome) -> None:
    assert verdicts.compare({"synth": verdict(outcome), "plan": verdict(outcome), "state": verdict(outcome)}) == []


@pytest.mark.parametrize("known", ["pass", "not-applicable"])
def test_what_was_undetermined_may_become_known(known: Outcome) -> None:
    assert verdicts.compare({"synth": verdict("undetermined"), "plan": verdict(known), "state": verdict(known)}) == []


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("pass", "fail"),
        ("fail", "pass"),
        ("pass", "undetermined"),
        ("fail", "undetermined"),
        ("pass", "not-applicable"),
        ("not-applicable", "pass"),
        ("undetermined", "fail"),
    ],
)
def test_any_other_change_is_a_difference(earlier: Outcome, later: Outcome) -> None:
    (difference,) = verdicts.compare({"synth": verdict(earlier, "before"), "state": verdict(later, "after")})
    assert str(difference) == f"tagged on aws_thing.one: synth: {earlier} (before); state: {later} (after)"


def test_what_passes_again_at_the_end_has_still_differed() -> None:
    stages = {"synth": verdict("pass"), "plan": verdict("fail"), "state": verdict("pass")}
    (difference,) = verdicts.compare(stages)
    assert list(difference.seen) == ["synth", "plan", "state"]


def test_what_a_plan_does_not_know_the_configuration_settles() -> None:
    stages = {"synth": verdict("pass"), "plan": verdict("undetermined"), "state": verdict("pass")}
    assert verdicts.compare(stages) == []
    assert verdicts.compare({**stages, "state": verdict("fail")})
    assert verdicts.compare({**stages, "state": verdict("undetermined")})
    assert verdicts.compare({**stages, "synth": verdict("fail")})


@pytest.mark.parametrize(
    ("attribute", "differences"), [("size", 0), ("size[0].width", 0), ("sizes", 1), ("other.size", 1), ("", 1)]
)
def test_what_the_emulator_does_not_give_back_is_no_difference(attribute: str, differences: int) -> None:
    gap = Gap("aws_thing", "size", "moto does not keep it")
    stages = {"synth": verdict("pass"), "state": verdict("fail", attribute=attribute)}
    assert len(verdicts.compare(stages, [gap])) == differences
    assert len(verdicts.compare(stages, [Gap("aws_other", "size", "moto does not keep it")])) == 1


def test_what_the_configuration_says_of_an_attribute_that_is_not_given_back_counts() -> None:
    gap = Gap("aws_thing", "size", "moto does not keep it")
    stages = {"synth": verdict("pass", attribute="size"), "state": verdict("pass")}
    assert verdicts.compare(stages, [gap]) == []
    assert len(verdicts.compare({**stages, "state": verdict("fail")}, [gap])) == 1


def test_a_state_need_not_say_in_which_region_everything_is() -> None:
    def of_region(outcome: Outcome) -> dict[tuple[str, str], Assessment]:
        [one] = verdict(outcome).values()
        return {("region-is", KEY[1]): replace(one, policy="region-is")}

    assert verdicts.compare({"synth": of_region("pass"), "state": of_region("not-applicable")}) == []
    assert len(verdicts.compare({"synth": of_region("pass"), "state": of_region("fail")})) == 1


def test_policies_that_wait_for_a_specification_are_asked_what_the_stack_is_asked(tmp_path: Path) -> None:
    vpc = {"resource": {"aws_vpc": {"main": {"cidr_block": "10.9.0.0/16"}}}}
    path = tmp_path / "cdk.tf.json"
    path.write_text(json.dumps(vpc))
    assert verdicts.judge(path, "portal")["vpc-has-planned-range", "aws_vpc.main"].outcome == "fail"
    assert ("vpc-has-planned-range", "aws_vpc.main") not in verdicts.judge(path, "tiny")


def test_what_is_judged_in_one_stage_only_is_a_difference() -> None:
    (gone,) = verdicts.compare({"synth": verdict("pass"), "state": {}})
    (new,) = verdicts.compare({"synth": {}, "state": verdict("pass")})
    assert gone.seen["state"] == "not judged"
    assert new.seen["synth"] == "not judged"


def test_every_policy_judges_what_is_read(tmp_path: Path) -> None:
    document = {"resource": {"aws_sns_topic": {"alerts": {"name": "alerts"}}}}
    (tmp_path / "cdk.tf.json").write_text(json.dumps(document))
    judged = verdicts.judge(tmp_path / "cdk.tf.json", "tiny")
    assert judged["encrypted-with-kms", "aws_sns_topic.alerts"].outcome == "fail"
    assert ("imdsv2-required", "") in judged


def test_what_cannot_be_read_is_not_rehearsed(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{")
    with pytest.raises(NotRehearsedError, match=r"plan\.json"):
        verdicts.judge(tmp_path / "plan.json", "tiny")
