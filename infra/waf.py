"""The web application firewall in front of a system: it blocks, and it writes down what it saw."""

from typing import Literal

from cdktf_cdktf_provider_aws.wafv2_web_acl import (
    Wafv2WebAcl,
    Wafv2WebAclRule,
    Wafv2WebAclRuleAction,
    Wafv2WebAclRuleOverrideAction,
    Wafv2WebAclRuleVisibilityConfig,
    Wafv2WebAclVisibilityConfig,
)
from cdktf_cdktf_provider_aws.wafv2_web_acl_logging_configuration import (
    Wafv2WebAclLoggingConfiguration,
    Wafv2WebAclLoggingConfigurationRedactedFields,
)
from constructs import Construct

from infra.deployment import Deployment
from infra.log_delivery import admit_log_delivery
from infra.logs import audit_log_group

RATE_WINDOW_SECONDS = 300
REQUESTS_OF_A_PERSON = 2000  # in a window, from one address: more than anybody clicks
MANAGED_RULE_GROUPS = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesAnonymousIpList",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
)
# The rule by which a managed group knows addresses that no person sits at: those of hosting companies.
NOT_A_PERSON = ("AWSManagedRulesAnonymousIpList", "HostingProviderIPList")
# Credentials do not belong in logs.
REDACTED_HEADERS = ("authorization", "cookie")


class Firewall(Construct):
    """A web ACL: a rate limit per address, then AWS's managed rules.

    `kind` is where it can stand: before CloudFront, or before what lies in a region. `log` names its log group. An
    address may send `requests_per_address` in RATE_WINDOW_SECONDS. Before what only programs call (`for_programs`),
    the addresses of hosting companies are counted instead of blocked: that is where programs run.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        kind: Literal["CLOUDFRONT", "REGIONAL"],
        description: str,
        log: str,
        logs_key_arn: str,
        requests_per_address: int = REQUESTS_OF_A_PERSON,
        for_programs: bool = False,
    ) -> None:
        super().__init__(scope, id_)
        name = deployment.names("waf")
        acl = Wafv2WebAcl(
            self,
            "acl",
            name=name,
            description=description,
            scope=kind,
            default_action={"allow": {}},
            rule=[
                _rate_limit(0, requests_per_address),
                *(
                    _managed(group, priority, counted=NOT_A_PERSON if for_programs else None)
                    for priority, group in enumerate(MANAGED_RULE_GROUPS, start=1)
                ),
            ],
            visibility_config=Wafv2WebAclVisibilityConfig(
                cloudwatch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
            ),
            tags={"Name": name},
        )
        self.arn: str = acl.arn
        self.metric_name = name
        self._log(deployment, log, logs_key_arn)

    def _log(self, deployment: Deployment, log: str, logs_key_arn: str) -> None:
        # WAF demands the prefix: the one name that does not start as all others.
        group = audit_log_group(self, "log", name=f"aws-waf-logs-{deployment.names(log)}", kms_key_arn=logs_key_arn)
        delivery = admit_log_delivery(
            self, "delivery", deployment=deployment, groups=[group], resource="waf-logs", sid="Waf"
        )
        Wafv2WebAclLoggingConfiguration(
            self,
            "logging",
            resource_arn=self.arn,
            log_destination_configs=[group.arn],
            redacted_fields=[
                Wafv2WebAclLoggingConfigurationRedactedFields(single_header={"name": header})
                for header in REDACTED_HEADERS
            ],
            depends_on=[delivery],
        )


def _rate_limit(priority: int, requests: int) -> Wafv2WebAclRule:
    return Wafv2WebAclRule(
        name="rate-limit",
        priority=priority,
        action=Wafv2WebAclRuleAction(block={}),
        statement={
            "rate_based_statement": {
                "limit": requests,
                "evaluation_window_sec": RATE_WINDOW_SECONDS,
                "aggregate_key_type": "IP",
            }
        },
        visibility_config=_counted("rate-limit"),
    )


def _managed(group: str, priority: int, counted: tuple[str, str] | None) -> Wafv2WebAclRule:
    """Return a rule that runs a managed group with the actions AWS gave it, which is to block.

    `counted` is a group and one of its rules, whose finds are counted only.
    """
    statement: dict[str, object] = {"vendor_name": "AWS", "name": group}
    if counted and counted[0] == group:
        statement["rule_action_override"] = [{"name": counted[1], "action_to_use": {"count": {}}}]
    return Wafv2WebAclRule(
        name=group,
        priority=priority,
        override_action=Wafv2WebAclRuleOverrideAction(none={}),
        statement={"managed_rule_group_statement": statement},
        visibility_config=_counted(group),
    )


def _counted(metric_name: str) -> Wafv2WebAclRuleVisibilityConfig:
    return Wafv2WebAclRuleVisibilityConfig(
        cloudwatch_metrics_enabled=True, metric_name=metric_name, sampled_requests_enabled=True
    )
