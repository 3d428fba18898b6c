"""Names: `financial-{resource}-{suffix}`, inside AWS's limits, and different in every environment."""

import re
from collections.abc import Iterator

import pytest

from infra.errors import InputError
from infra.naming import Naming
from tests.infra.synthesized import Resource, Synthesis

ACCOUNT = "${data.aws_caller_identity.account.account_id}"
ACCOUNT_ID = "123456789012"

# resource type: attribute that holds its name, and AWS's limit in characters
NAMED = {
    "aws_autoscaling_group": ("name", 255),
    "aws_autoscaling_policy": ("name", 255),
    "aws_autoscaling_schedule": ("scheduled_action_name", 255),
    "aws_cloudfront_cache_policy": ("name", 128),
    "aws_cloudfront_origin_access_control": ("name", 64),
    "aws_cloudfront_response_headers_policy": ("name", 128),
    "aws_cloudtrail": ("name", 128),
    "aws_cloudwatch_dashboard": ("dashboard_name", 255),
    "aws_cloudwatch_log_delivery_destination": ("name", 60),
    "aws_cloudwatch_log_delivery_source": ("name", 60),
    "aws_cloudwatch_log_group": ("name", 512),
    "aws_cloudwatch_log_metric_filter": ("name", 512),
    "aws_cloudwatch_log_resource_policy": ("policy_name", 255),
    "aws_cloudwatch_log_subscription_filter": ("name", 512),
    "aws_cloudwatch_metric_alarm": ("alarm_name", 255),
    "aws_db_event_subscription": ("name", 255),
    "aws_db_parameter_group": ("name", 255),
    "aws_db_subnet_group": ("name", 255),
    "aws_iam_instance_profile": ("name", 128),
    "aws_iam_role": ("name", 64),
    "aws_iam_role_policy": ("name", 128),
    "aws_kinesis_firehose_delivery_stream": ("name", 64),
    "aws_kms_alias": ("name", 256),
    "aws_lambda_function": ("function_name", 64),
    "aws_launch_template": ("name", 125),
    "aws_lb": ("name", 32),
    "aws_lb_target_group": ("name", 32),
    "aws_rds_cluster": ("cluster_identifier", 63),
    "aws_rds_cluster_instance": ("identifier", 63),
    "aws_rds_cluster_parameter_group": ("name", 255),
    "aws_s3_bucket": ("bucket", 63),
    "aws_secretsmanager_secret": ("name", 512),
    "aws_security_group": ("name", 255),
    "aws_sns_topic": ("name", 256),
    "aws_sqs_queue": ("name", 80),
    "aws_wafv2_web_acl": ("name", 128),
}
# Where AWS prescribes how a name begins or ends.
PRESCRIBED = re.compile(
    r"alias/(?P<alias>.+)|/aws/rds/cluster/(?P<cluster>.+)/\w+|/aws/lambda/(?P<function>.+)|aws-waf-logs-(?P<waf>.+)"
)


def names(portal: Synthesis) -> Iterator[tuple[Resource, str]]:
    for resource in portal.resources():
        if resource.type in NAMED:
            yield resource, resource.body[NAMED[resource.type][0]].replace(ACCOUNT, ACCOUNT_ID)


def own_part(name: str) -> str:
    prescribed = PRESCRIBED.fullmatch(name)
    return next(part for part in prescribed.groups() if part) if prescribed else name


def test_no_resource_with_a_name_is_overlooked(portal: Synthesis) -> None:
    name_attributes = {attribute for attribute, _ in NAMED.values()}
    with_name = {r.type for r in portal.resources() if name_attributes & r.body.keys()}
    # DNS names follow the domain; a bucket's settings repeat the bucket's name.
    followers = {"aws_route53_record", "aws_s3_object", "aws_lambda_permission"}
    settings = {type_ for type_ in with_name if type_.startswith("aws_s3_bucket_")}
    instances = {"aws_rds_cluster_instance"}
    assert with_name - followers - settings | instances == set(NAMED)


def test_a_name_fits_aws(portal: Synthesis) -> None:
    for resource, name in names(portal):
        assert len(name) <= NAMED[resource.type][1], f"{resource.address}: {name}"


def test_a_name_starts_with_financial_and_ends_with_the_suffix(portal: Synthesis) -> None:
    cut = {
        resource.address
        for resource, name in names(portal)
        if not re.fullmatch(rf"financial-[a-z0-9-]+-{portal.suffix}", own_part(name))
    }
    # 32 characters hold no more: the suffix is cut, and a digest tells such names apart.
    expected = {"aws_lb.alb_balancer", "aws_lb_target_group.alb_targets"} if len(portal.suffix) == 20 else set()
    assert cut == expected


def test_a_cut_name_ends_with_a_digest(longest: Synthesis) -> None:
    for address in ("aws_lb.alb_balancer", "aws_lb_target_group.alb_targets"):
        assert re.fullmatch(r"financial-(alb|targets)-[a-z0-9-]+-[0-9a-f]{6}", longest.resource(address)["name"])


def test_two_environments_share_no_name(shortest: Synthesis, longest: Synthesis) -> None:
    taken = {name for _, name in names(shortest)} | set(shortest.find("$..Name"))
    others = {name for _, name in names(longest)} | set(longest.find("$..Name"))
    assert taken
    assert not taken & others
    assert not set(shortest.find("$..aliases[*]")) & set(longest.find("$..aliases[*]"))


def test_no_two_resources_of_a_kind_share_a_name(portal: Synthesis) -> None:
    found = [(resource.type, name) for resource, name in names(portal)]
    assert len(found) == len(set(found))


def test_each_environment_has_an_autoscaling_role_of_its_own(portal: Synthesis) -> None:
    assert portal.find("resource.aws_iam_service_linked_role.*.custom_suffix") == [portal.suffix]


def test_metrics_of_two_environments_stay_apart(shortest: Synthesis, longest: Synthesis) -> None:
    path = "resource.aws_cloudwatch_log_metric_filter.*.metric_transformation.namespace"
    assert not set(shortest.find(path)) & set(longest.find(path))


@pytest.mark.parametrize("suffix", ["", "A", "1a", "a-", "-a", "a--b", "a_b", "ä", "a" * 21, "a\n", "${a}"])
def test_an_illegal_suffix_is_refused(suffix: str) -> None:
    with pytest.raises(InputError, match="ENVIRONMENT_SUFFIX"):
        Naming(suffix)


@pytest.mark.parametrize("suffix", ["a", "dev", "pr-1", "a1-b2-c3", "a" * 20])
def test_a_legal_suffix_ends_the_name(suffix: str) -> None:
    assert Naming(suffix)("thing") == f"financial-thing-{suffix}"


def test_names_that_differ_only_at_the_end_differ_after_the_cut() -> None:
    one, other = (Naming(f"environment-number-{digit}")("alb", limit=32) for digit in "12")
    assert one != other
    assert max(len(one), len(other)) <= 32
