"""Names of the disaster recovery system: they fit AWS, and clash neither between regions nor with other systems."""

import re
from collections.abc import Iterator

import pytest

from tests.infra.recovery_facts import ACCOUNT, REGION_OF
from tests.infra.synthesized import Resource, Synthesis
from tests.infra.test_portal_names import ACCOUNT_ID, NAMED, own_part

STACKS = [*REGION_OF, "recovery-global"]
ALL_STACKS = ["portal", *STACKS, "transactions"]
ALL_NAMED = {
    **NAMED,
    "aws_cloudwatch_event_rule": ("name", 64),
    "aws_dynamodb_table": ("name", 255),
}
# What an account, or the world, has once and not once per region.
GLOBAL = {"aws_cloudwatch_dashboard", "aws_iam_role", "aws_s3_bucket"}
REGION_OF_PROVIDER = {f"aws.{region}": region for region in ("us-east-1", "us-east-2", "us-west-2")}


def names(stack: Synthesis) -> Iterator[tuple[Resource, str]]:
    for resource in stack.resources():
        if resource.type in ALL_NAMED:
            yield resource, resource.body[ALL_NAMED[resource.type][0]].replace(ACCOUNT, ACCOUNT_ID)


def own_region(stack: Synthesis, resource: Resource) -> str:
    default: str = stack.document["provider"]["aws"][0]["region"]
    return REGION_OF_PROVIDER.get(resource.body.get("provider", ""), default)


@pytest.mark.parametrize("stack", STACKS)
def test_a_name_fits_aws(portal: Synthesis, stack: str) -> None:
    for resource, name in names(portal.of(stack)):
        assert len(name) <= ALL_NAMED[resource.type][1], f"{resource.address}: {name}"


@pytest.mark.parametrize("stack", STACKS)
def test_a_name_starts_with_the_system_and_ends_with_the_suffix(portal: Synthesis, stack: str) -> None:
    cut = {
        resource.type
        for resource, name in names(portal.of(stack))
        if not re.fullmatch(
            rf"financial-recovery-[a-z0-9-]+-{portal.suffix}", own_part(name).removeprefix("/aws/route53/")
        )
    }
    # These hold no more than 32 and 63 characters; a digest tells names apart that are cut.
    expected = {"aws_lb", "aws_lb_target_group", "aws_s3_bucket"} if len(portal.suffix) == 20 else set()
    assert cut <= expected


@pytest.mark.parametrize("stack", STACKS)
def test_a_bucket_has_the_account_in_its_name_however_long_the_suffix(portal: Synthesis, stack: str) -> None:
    for bucket in portal.of(stack).resources("aws_s3_bucket"):
        assert ACCOUNT in bucket.body["bucket"], bucket.address


def test_no_two_resources_of_an_account_share_a_name(portal: Synthesis) -> None:
    taken: dict[tuple[str, str, str], str] = {}
    for stack in ALL_STACKS:
        seen = portal.of(stack)
        for resource, name in names(seen):
            place = "everywhere" if resource.type in GLOBAL else own_region(seen, resource)
            place = "us-east-1" if stack == "portal" and place != "everywhere" else place
            address = f"{stack}: {resource.address}"
            assert taken.setdefault((resource.type, place, name), address) == address
    assert len(taken) > 250


def test_what_an_account_has_once_names_its_region(portal: Synthesis) -> None:
    for stack in STACKS:
        seen = portal.of(stack)
        found = [(r, name) for r, name in names(seen) if r.type in GLOBAL]
        assert found
        for resource, name in found:
            region = own_region(seen, resource)
            own = name.startswith(f"financial-recovery-{region}-") or resource.address.endswith("failover_dashboard")
            assert own, resource.address


def test_two_environments_share_no_name(shortest: Synthesis, longest: Synthesis) -> None:
    for stack in STACKS:
        taken, others = ({name for _, name in names(run.of(stack))} for run in (shortest, longest))
        assert taken
        assert not taken & others
