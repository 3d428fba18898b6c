"""Our verdicts beside Checkov's: which pairs there are, how verdicts meet, and what an explanation has to hold."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policies import checkov, documents, second_opinion
from policies.errors import InputError
from policies.registry import catalogue
from policies.second_opinion import Comparison
from tests.policies.conftest import ROOT, write

STACK = {
    "variable": {"tokens": {}},
    "resource": {
        "aws_launch_template": {
            "strict": {"metadata_options": {"http_tokens": "required"}},
            "lax": {"metadata_options": {"http_tokens": "optional"}},
            "open": {"metadata_options": {"http_tokens": "${var.tokens}"}},
        },
        "aws_instance": {"web": {"launch_template": {"id": "${aws_launch_template.strict.id}"}}},
    },
}
EXPLAINED = {
    "policy": "imdsv2-required",
    "check": "CKV_AWS_79",
    "fails": "check",
    "right": "policy",
    "stack": "portal",
    "addresses": ["aws_instance.web"],
    "reason": "The instance takes its metadata options from its launch template.",
}


def imdsv2(compared: list[Comparison]) -> dict[str, str]:
    return {one.address: one.meeting for one in compared if one.twin.check == "CKV_AWS_79"}


def only_imdsv2(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves one pair, so that a small document has one disagreement."""
    pair = tuple(twin for twin in second_opinion.twins() if twin.check == "CKV_AWS_79")
    monkeypatch.setattr(second_opinion, "twins", lambda: pair)


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Runs the comparison on STACK, as stack or sample, with these explanations."""
    only_imdsv2(monkeypatch)
    path = write(tmp_path / "samples" / "portal.tf.json", STACK)

    def run(explanations: Any, *arguments: str) -> tuple[int, str, str]:
        write(tmp_path / "second_opinion.yaml", explanations)
        code = second_opinion.main(
            [*(arguments or [str(path)]), "--explanations", str(tmp_path / "second_opinion.yaml")]
        )
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_verdicts_on_the_same_resource_meet(tmp_path: Path) -> None:
    [document] = documents.read([write(tmp_path / "portal.tf.json", STACK)])
    assert imdsv2(list(second_opinion.compare(document, {}))) == {
        "aws_launch_template.strict": "both pass",
        "aws_launch_template.lax": "both fail",
        "aws_launch_template.open": "undetermined",
        "aws_instance.web": "only theirs fails",
    }


def test_a_policy_that_alone_fails_is_told_from_one_that_alone_passes(tmp_path: Path) -> None:
    groups = {"short": {"retention_in_days": 7}, "year": {"retention_in_days": 400}, "half": {"retention_in_days": 180}}
    stack = {"resource": {"aws_cloudwatch_log_group": {key: {"name": key, **one} for key, one in groups.items()}}}
    [document] = documents.read([write(tmp_path / "portal.tf.json", stack)])
    met = {
        (one.twin.check, one.address.rpartition(".")[2]): one.meeting
        for one in second_opinion.compare(document, {})
        if one.twin.policy == "logs-kept-90-days"
    }
    assert met == {
        ("CKV_AWS_66", "short"): "only ours fails",
        ("CKV_AWS_66", "year"): "both pass",
        ("CKV_AWS_66", "half"): "both pass",
        ("CKV_AWS_338", "short"): "both fail",
        ("CKV_AWS_338", "year"): "both pass",
        ("CKV_AWS_338", "half"): "only theirs fails",
    }


def test_what_our_claim_does_not_concern_is_no_agreement(tmp_path: Path) -> None:
    listener = {"load_balancer_arn": "arn", "port": 80, "protocol": "HTTP", "default_action": {"type": "forward"}}
    stack = {"resource": {"aws_lb_listener": {"plain": listener}}}
    [document] = documents.read([write(tmp_path / "portal.tf.json", stack)])
    met = {(one.twin.policy, one.meeting) for one in second_opinion.compare(document, {})}
    assert met == {("http-only-redirects", "both fail"), ("https-listeners-use-modern-tls", "not ours")}


def test_an_unexplained_disagreement_fails_and_is_named(run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = run({"stacks": []})
    assert code == 1
    assert "UNEXPLAINED  portal: aws_instance.web: CKV_AWS_79 fails, imdsv2-required passes" in out
    assert "1 pairs on 4 resources: 2 agreements, 1 disagreements (0 explained), 1 undetermined on one side" in out


def test_an_explained_disagreement_does_not_fail(run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = run({"stacks": [EXPLAINED]})
    assert code == 0
    assert "1 disagreements (1 explained)" in out
    assert "UNEXPLAINED" not in out


@pytest.mark.parametrize(
    "wrong",
    [{"stack": "other"}, {"addresses": ["aws_instance.db"]}, {"fails": "policy"}],
    ids=["of another stack", "of another resource", "in the other direction"],
)
def test_an_explanation_covers_nothing_but_what_it_names(
    run: Callable[..., tuple[int, str, str]], wrong: dict[str, Any]
) -> None:
    code, out, _ = run({"stacks": [{**EXPLAINED, **wrong}]})
    assert code == 1
    assert "UNEXPLAINED  portal: aws_instance.web" in out
    assert ("IDLE" in out) == ("stack" not in wrong), "what concerns another stack is not idle here"


def test_an_explanation_that_explains_nothing_any_more_fails(run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = run({"stacks": [{**EXPLAINED, "addresses": ["aws_instance.web", "aws_instance.gone"]}]})
    assert code == 1
    assert "no such disagreement on aws_instance.gone of portal any more" in out
    assert "UNEXPLAINED" not in out


def test_samples_are_explained_by_pair(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    by_pair = {key: value for key, value in EXPLAINED.items() if key not in ("stack", "addresses")}
    samples = ("--samples", str(tmp_path / "samples"))
    assert run({"samples": [{**by_pair, "shown_by": "samples"}]}, *samples)[0] == 0
    assert run({"stacks": [EXPLAINED]}, *samples)[0] == 1, "an explanation of a stack is not one of samples"
    code, out, _ = run({"samples": [{**by_pair, "fails": "policy", "shown_by": "samples"}]}, *samples)
    assert code == 1
    assert "no such disagreement in samples any more" in out


def test_a_fixture_is_judged_by_what_it_says_is_asked(tmp_path: Path) -> None:
    cluster = {"cluster_id": "c", "engine": "redis", "snapshot_retention_limit": 3}
    stack = {"resource": {"aws_elasticache_cluster": {"c": cluster}}}
    folder = tmp_path / "cache_keeps_snapshots"
    write(folder / "asked.tf.json", {"//": {"asked": {"days": 7}}, **stack})
    write(folder / "unasked.tf.json", stack)
    met = {one.stack: one.meeting for one in second_opinion.samples(folder) if one.twin.check == "CKV_AWS_134"}
    assert met == {"asked.tf.json": "only ours fails"}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"fails": "both"}, "fails must be policy"),
        ({"right": "check"}, "where the check is right, mend the policy"),
        ({"right": "both"}, "both cannot be right where the relation of the two claims is 'same'"),
        ({"check": "CKV_AWS_1"}, "imdsv2-required and CKV_AWS_1 are no pair"),
        ({"reason": "Because."}, "the reason must be a sentence"),
        ({"owner": "me"}, "an entry has the keys addresses, check"),
        ({"addresses": "aws_instance.web"}, "addresses a list of resource addresses"),
    ],
)
def test_an_explanation_that_is_not_whole_ends_with_3_and_its_line(
    run: Callable[..., tuple[int, str, str]], entry: dict[str, Any], message: str
) -> None:
    code, _, err = run({"stacks": [{**EXPLAINED, **entry}]})
    assert code == 3
    assert re.search(r"second_opinion\.yaml:1: ", err)
    assert message in err


def test_a_pair_of_samples_is_explained_once(tmp_path: Path) -> None:
    by_pair = {key: value for key, value in EXPLAINED.items() if key not in ("stack", "addresses")} | {"shown_by": "x"}
    path = write(tmp_path / "second_opinion.yaml", {"samples": [by_pair, by_pair]})
    with pytest.raises(InputError, match="explained on line 1 already"):
        second_opinion.explanations(path)


def test_nothing_to_compare_is_no_agreement(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    topic = write(tmp_path / "t.tf.json", {"resource": {"aws_sns_topic": {"t": {"name": "t"}}}})
    code, _, err = run({"stacks": []}, str(topic))
    assert code == 3
    assert "no resource that both judge" in err
    assert run({"stacks": []}, "--samples", str(tmp_path / "absent"))[0] == 3


def test_each_twin_exists_and_judges_a_type_of_the_population() -> None:
    policies = {policy.id: policy for policy in catalogue()}
    types = checkov.types_by_check()
    assert [one for one in second_opinion.twins() if one.policy not in policies or one.check not in types] == []
    # a check of the graph reports on more types than it lists
    apart = [
        one
        for one in second_opinion.twins()
        if not one.check.startswith("CKV2_")
        and policies[one.policy].applies_to != ("*",)
        and not types[one.check] & set(policies[one.policy].applies_to)
    ]
    assert apart == []


def test_each_policy_has_a_twin_or_a_reason_for_having_none() -> None:
    stated = Counter([*{twin.policy for twin in second_opinion.twins()}, *second_opinion.without_twin()])
    assert stated == Counter({policy.id: 1 for policy in catalogue()})


def test_each_disagreement_on_our_own_stacks_is_explained(stacks: Path) -> None:
    compared = list(second_opinion.stacks(sorted(stacks.iterdir())))
    known = second_opinion.explanations(ROOT / second_opinion.EXPLANATIONS)
    assert {one.meeting for one in compared} >= {"both pass", "both fail", "only ours fails", "only theirs fails"}
    assert second_opinion.unexplained(compared, known) == []
    assert list(second_opinion.idle(compared, known)) == []
