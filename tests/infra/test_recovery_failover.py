"""The failover: how it is decided, how long it takes, and that no region is needed to make it happen."""

import json

from tests.infra.recovery_facts import PART_OF, domain, region_of
from tests.infra.synthesized import Synthesis

COMPLETE_WITHIN_SECONDS = 300  # D-R53-2
# An alias of a load balancer has that balancer's TTL, which AWS fixes (Route 53 developer guide, "Choosing between
# alias and non-alias records").
ALIAS_TTL_SECONDS = 60
# Route 53 says its name servers answer anew within 60 seconds of a change.
PROPAGATION_SECONDS = 60


def checks(across_regions: Synthesis) -> dict[str, dict[str, object]]:
    return {
        region: dict(across_regions.resource(f"aws_route53_health_check.failover_{part}_check"))
        for region, part in PART_OF.items()
    }


def test_failover_is_complete_within_five_minutes(across_regions: Synthesis) -> None:
    for region, check in checks(across_regions).items():
        interval, threshold = check["request_interval"], check["failure_threshold"]
        assert isinstance(interval, int)
        assert isinstance(threshold, int)
        assert interval * threshold + ALIAS_TTL_SECONDS + PROPAGATION_SECONDS <= COMPLETE_WITHIN_SECONDS, region
        assert (interval, threshold) == (30, 3)


def test_a_check_asks_each_region_by_its_own_name_over_tls(across_regions: Synthesis) -> None:
    for region, check in checks(across_regions).items():
        assert check["type"] == "HTTPS"
        assert check["port"] == 443
        assert check["enable_sni"] is True
        assert check["fqdn"] == f"{region}.{domain(across_regions)}"
        assert check["resource_path"] == "/health"


def test_the_name_leads_to_the_primary_region_and_else_to_the_secondary(across_regions: Synthesis) -> None:
    for region, part in PART_OF.items():
        record = across_regions.resource(f"aws_route53_record.failover_{part}")
        assert record["name"] == domain(across_regions)
        assert record["failover_routing_policy"] == {"type": part.upper()}
        assert record["set_identifier"] == part
        assert record["health_check_id"] == f"${{aws_route53_health_check.failover_{part}_check.id}}"
        assert record["alias"]["name"] == f"{region}.{domain(across_regions)}"
        assert record["alias"]["evaluate_target_health"] is True
        assert "ttl" not in record


def test_the_name_that_is_checked_is_the_one_the_region_gives_its_load_balancer(region: Synthesis) -> None:
    record = region.resource("aws_route53_record.regional_name")
    assert record["name"] == f"{region_of(region)}.{domain(region)}"
    assert record["alias"] == {
        "evaluate_target_health": True,
        "name": "${aws_lb.alb_balancer.dns_name}",
        "zone_id": "${aws_lb.alb_balancer.zone_id}",
    }


def test_the_certificate_serves_both_names(region: Synthesis) -> None:
    certificate = region.resource("aws_acm_certificate.alb_certificate")
    names = {certificate["domain_name"], *certificate["subject_alternative_names"]}
    assert names == {domain(region), f"{region_of(region)}.{domain(region)}"}
    assert len(list(region.resources("aws_acm_certificate_validation"))) == 1
    proofs = region.find("resource.aws_acm_certificate_validation.*.validation_record_fqdns")
    assert [len(proof) for proof in proofs] == [2]


def test_no_stack_reads_the_state_of_another(portal: Synthesis) -> None:
    for stack in ("recovery-primary", "recovery-secondary", "recovery-global"):
        assert "terraform_remote_state" not in portal.of(stack).text


def test_a_region_is_planned_without_the_other_one(region: Synthesis) -> None:
    (provider,) = region.document["provider"]["aws"]
    assert provider["region"] == region_of(region)
    assert "alias" not in provider
    looked_up = set(region.document["data"])
    assert looked_up == {"aws_caller_identity", "aws_elb_service_account", "aws_route53_zone"}


def test_both_regions_are_alike_but_for_their_names(portal: Synthesis) -> None:
    primary, secondary = portal.of("recovery-primary"), portal.of("recovery-secondary")
    assert {r.address for r in primary.resources()} == {r.address for r in secondary.resources()}
    balancers = [stack.resource("aws_lb_listener.alb_https")["ssl_policy"] for stack in (primary, secondary)]
    assert balancers == ["ELBSecurityPolicy-TLS13-1-2-Res-2021-06"] * 2


def test_the_global_stack_is_deployed_after_the_regions(portal: Synthesis) -> None:
    manifest = json.loads((portal.output / "manifest.json").read_text())
    assert set(manifest["stacks"]["recovery-global"]["dependencies"]) == {"recovery-primary", "recovery-secondary"}


def test_queries_are_logged_where_route_53_can_log_them(across_regions: Synthesis) -> None:
    log = across_regions.resource("aws_route53_query_log.query_log_log")
    group = across_regions.resource("aws_cloudwatch_log_group.query_log_group")
    assert log["zone_id"] == "${data.aws_route53_zone.dns_zone.zone_id}"
    assert log["cloudwatch_log_group_arn"] == "${aws_cloudwatch_log_group.query_log_group.arn}"
    assert group["name"].startswith("/aws/route53/")
    assert "provider" not in group
    assert across_regions.document["provider"]["aws"][0]["region"] == "us-east-1"
