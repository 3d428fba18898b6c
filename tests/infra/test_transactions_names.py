"""Names of the transaction API: they fit AWS, say whose they are, and differ from every other environment's."""

import re
from collections.abc import Iterator

from tests.infra.recovery_facts import ACCOUNT
from tests.infra.synthesized import Resource, Synthesis
from tests.infra.test_portal_names import ACCOUNT_ID, NAMED, own_part

STACK = "transactions"
ALL_NAMED = {
    **NAMED,
    "aws_apigatewayv2_api": ("name", 128),
    "aws_apigatewayv2_authorizer": ("name", 128),
    "aws_apigatewayv2_vpc_link": ("name", 128),
    "aws_efs_file_system": ("creation_token", 64),
    "aws_elasticache_parameter_group": ("name", 255),
    "aws_elasticache_replication_group": ("replication_group_id", 40),
    "aws_elasticache_subnet_group": ("name", 255),
    "aws_elasticache_user": ("user_id", 40),
    "aws_elasticache_user_group": ("user_group_id", 40),
}
STAGE = re.compile(r"[A-Za-z0-9_-]{1,128}")  # what API Gateway takes as a stage's name
CERTIFICATE_NAME_LIMIT = 64


def names(stack: Synthesis) -> Iterator[tuple[Resource, str]]:
    for resource in stack.resources():
        if resource.type in ALL_NAMED:
            yield resource, resource.body[ALL_NAMED[resource.type][0]].replace(ACCOUNT, ACCOUNT_ID)


def test_a_name_fits_aws(api: Synthesis) -> None:
    for resource, name in names(api):
        assert len(name) <= ALL_NAMED[resource.type][1], f"{resource.address}: {name}"
    (stage,) = api.resources("aws_apigatewayv2_stage")
    assert STAGE.fullmatch(stage.body["name"])


def test_no_resource_with_a_name_is_overlooked(api: Synthesis) -> None:
    # DNS names follow the domain; a bucket's settings repeat the bucket's name.
    followers = {"aws_acm_certificate", "aws_apigatewayv2_domain_name", "aws_route53_record"}
    of_this_system = re.compile(rf"financial-transactions-[a-z0-9-]+-{api.suffix}")
    found = {
        resource.type
        for resource in api.resources()
        for key, value in resource.body.items()
        if key not in ("comment", "policy") and isinstance(value, str) and of_this_system.fullmatch(own_part(value))
    }
    assert found - followers - {t for t in found if t.startswith("aws_s3_bucket_")} <= set(ALL_NAMED)


def test_a_name_starts_with_the_system_and_ends_with_the_suffix(api: Synthesis) -> None:
    cut = {
        resource.type
        for resource, name in names(api)
        if not re.fullmatch(
            rf"financial-transactions-[a-z0-9-]+-{api.suffix}",
            own_part(name).removeprefix("/aws/vendedlogs/apigateway/"),
        )
    }
    # These hold no more than 32, 40 and 63 characters; a digest tells names apart that are cut.
    short = {"aws_lb", "aws_lb_target_group", "aws_s3_bucket"}
    short |= {type_ for type_ in ALL_NAMED if type_.startswith("aws_elasticache_")}
    assert cut <= (short if len(api.suffix) == 20 else set())


def test_no_two_resources_of_a_region_share_a_name(api: Synthesis) -> None:
    found = [(resource.type, resource.body.get("provider"), name) for resource, name in names(api)]
    assert len(found) == len(set(found))
    everywhere = [(r.type, name) for r, name in names(api) if r.type in ("aws_s3_bucket", "aws_iam_role")]
    assert len(everywhere) == len(set(everywhere))


def test_the_first_name_on_a_certificate_is_one_that_acm_takes(api: Synthesis) -> None:
    certificates = list(api.resources("aws_acm_certificate"))
    assert len(certificates) == 3
    for certificate in certificates:
        assert len(certificate.body["domain_name"]) <= CERTIFICATE_NAME_LIMIT, certificate.address


def test_two_environments_share_no_name(shortest: Synthesis, longest: Synthesis) -> None:
    taken, others = ({name for _, name in names(run.of(STACK))} for run in (shortest, longest))
    assert taken
    assert not taken & others
