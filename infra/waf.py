"""The web application firewall in front of a system: it blocks, and it writes down what it saw."""

from typing import Literal

from cdktf_cdktf_provider_aws.cloudwatch_log_resource_policy import CloudwatchLogResourcePolicy
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
from infra.iam import allow, policy_document, service
from infra.logs import audit_log_group

REQUESTS_PER_ADDRESS = 2000
RATE_WINDOW_SECONDS = 300
MANAGED_RULE_GROUPS = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesAnonymousIpList",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
)
# Credentials do not belong in logs.
REDACTED_HEADERS = ("authorization", "cookie")


class Firewall(Construct):
    """A web ACL: a rate limit per address, then AWS's managed rules.

    `kind` is where it can stand: before CloudFront, or before what lies in a region. `log` names its log group.
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
                _rate_limit(0),
                *(_managed(group, priority) for priority, group in enumerate(MANAGED_RULE_GROUPS, start=1)),
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
        # AWS would add this statement itself, and leave it behind.
        delivery = CloudwatchLogResourcePolicy(
            self,
            "delivery",
            policy_name=deployment.names("waf-logs"),
            policy_document=policy_document(
                [
                    allow(
                        "logs:CreateLogStream",
                        "logs:PutLogEvents",
                        on=f"{group.arn}:*",
                        to=service("delivery.logs"),
                        where={
                            "StringEquals": {"aws:SourceAccount": deployment.account_id},
                            "ArnLike": {"aws:SourceArn": deployment.arn("logs", "*")},
                        },
                        sid="Waf",
                    )
                ]
            ),
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


def _rate_limit(priority: int) -> Wafv2WebAclRule:
    return Wafv2WebAclRule(
        name="rate-limit",
        priority=priority,
        action=Wafv2WebAclRuleAction(block={}),
        statement={
            "rate_based_statement": {
                "limit": REQUESTS_PER_ADDRESS,
                "evaluation_window_sec": RATE_WINDOW_SECONDS,
                "aggregate_key_type": "IP",
            }
        },
        visibility_config=_counted("rate-limit"),
    )


def _managed(group: str, priority: int) -> Wafv2WebAclRule:
    """Return a rule that runs a managed group with the actions AWS gave it, which is to block."""
    return Wafv2WebAclRule(
        name=group,
        priority=priority,
        override_action=Wafv2WebAclRuleOverrideAction(none={}),
        statement={"managed_rule_group_statement": {"vendor_name": "AWS", "name": group}},
        visibility_config=_counted(group),
    )


def _counted(metric_name: str) -> Wafv2WebAclRuleVisibilityConfig:
    return Wafv2WebAclRuleVisibilityConfig(
        cloudwatch_metrics_enabled=True, metric_name=metric_name, sampled_requests_enabled=True
    )
