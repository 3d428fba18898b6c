"""The shortcut gives the verdicts of a full run: on a random sample of mutants, and where it could most easily not."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from policies.registry import catalogue
from tests.mutants.judging import REFUSED, JudgedStack, Kill
from tests.mutants.operators import Mutant, blocks, mutants
from tests.mutants.relations import Relations

SAMPLE = 15  # of every stack; a full run takes about 50 ms
BUCKET = {
    "resource": {
        "aws_s3_bucket": {"a": {"bucket": "a"}, "b": {"bucket": "b"}},
        "aws_s3_bucket_public_access_block": {
            name: {
                "bucket": f"${{aws_s3_bucket.{name}.id}}",
                **dict.fromkeys(("block_public_acls", "block_public_policy", "ignore_public_acls"), True),
                "restrict_public_buckets": True,
            }
            for name in ("a", "b")
        },
    }
}


@pytest.fixture(scope="module")
def judged(stacks: Path) -> list[JudgedStack]:
    return [JudgedStack(one.name, json.loads((one / "cdk.tf.json").read_text())) for one in sorted(stacks.iterdir())]


def test_shortcut_finds_what_a_full_run_finds(judged: list[JudgedStack]) -> None:
    chosen = random.Random(8)  # the same sample each time: a failure can be seen again
    for stack in judged:
        every = list(mutants(stack.stack, stack.content, lambda *_: False))
        # twice over, so that what one mutant leaves behind would be seen by the next
        for mutant in chosen.sample([one for one in every if one.body is not None], SAMPLE) * 2:
            assert stack.kills(mutant) == stack.kills_in_full(mutant), str(mutant)


def test_shortcut_leaves_the_stack_as_it_was(judged: list[JudgedStack]) -> None:
    for stack in judged:
        for address, _, body in blocks(stack.content):
            if not address.startswith("provider."):
                assert stack.kills(Mutant(stack.stack, address, "", "drop", "nothing is changed", dict(body))) == []


def stack_of(content: dict[str, Any]) -> JudgedStack:
    blocked = [one for one in catalogue() if one.id == "bucket-public-access-blocked"]
    return JudgedStack("stack", content, blocked)


def test_one_mutant_after_another_on_the_same_link_is_noticed() -> None:
    stack = stack_of(BUCKET)
    found = mutants("stack", BUCKET, lambda *_: False)
    links = [one for one in found if one.type == "aws_s3_bucket_public_access_block" and one.attribute == "bucket"]
    assert {one.operator for one in links} == {"unknown", "foreign", "sibling"}
    assert [(one.operator, stack.kills(one)) for one in links if not stack.kills(one)] == []


def test_what_was_failing_before_does_not_kill() -> None:
    stack = stack_of({"resource": {"aws_s3_bucket": {"a": {"bucket": "a"}}}})
    assert stack.kills(Mutant("stack", "aws_s3_bucket.a", "bucket", "other", "", {"bucket": "b"})) == []


def test_document_that_is_refused_kills() -> None:
    providers = {"provider": {"aws": [{"region": "us-east-1"}, {"alias": "west", "region": "us-west-2"}]}, **BUCKET}
    [kill] = stack_of(providers).kills(Mutant("stack", "provider.aws[1]", "alias", "drop", "", {"region": "us-west-2"}))
    assert kill.policy == REFUSED


def test_assessment_that_no_chain_of_references_leads_to_is_unrelated() -> None:
    stack = stack_of(BUCKET)
    relations = Relations(stack.graph)
    mutant = Mutant("stack", "aws_s3_bucket_public_access_block.a", "bucket", "drop", "", {})
    assert relations.is_related(mutant, Kill("p", "aws_s3_bucket.a", "fail", "", "it is open"))
    assert not relations.is_related(mutant, Kill("p", "aws_s3_bucket.b", "fail", "", "it is open"))
    assert relations.is_related(mutant, Kill("p", "aws_s3_bucket.b", "fail", "", f"because of {mutant.address}"))
