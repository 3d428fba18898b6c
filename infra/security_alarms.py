"""Security events of the account that somebody must look at, counted in the audit trail (PCI DSS 10.4, 10.7)."""

from dataclasses import dataclass

from cdktf_cdktf_provider_aws.cloudwatch_log_metric_filter import CloudwatchLogMetricFilter
from constructs import Construct

from infra.alarms import Alarm, AlarmMaker, Metric
from infra.deployment import Deployment

REPEATED = 5  # events in five minutes, where a single one is everyday life


@dataclass(frozen=True)
class SecurityEvent:
    """Something that happened in the account, as a filter pattern over CloudTrail's records."""

    meaning: str
    pattern: str
    threshold: int = 1


def _any_event(*names: str) -> str:
    return "{ " + " || ".join(f'($.eventName = "{name}")' for name in names) + " }"


def _service_event(service: str, *names: str) -> str:
    events = " || ".join(f'($.eventName = "{name}")' for name in names)
    return f'{{ ($.eventSource = "{service}.amazonaws.com") && ({events}) }}'


SECURITY_EVENTS = {
    "root_use": SecurityEvent(
        "The root user acted",
        '{ ($.userIdentity.type = "Root") && ($.userIdentity.invokedBy NOT EXISTS)'
        ' && ($.eventType != "AwsServiceEvent") }',
    ),
    "unauthorized_calls": SecurityEvent(
        "Calls were refused",
        '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
        threshold=REPEATED,
    ),
    "console_login_failures": SecurityEvent(
        "Sign-ins to the console failed",
        '{ ($.eventName = "ConsoleLogin") && ($.errorMessage = "Failed authentication") }',
        threshold=REPEATED,
    ),
    "console_login_without_mfa": SecurityEvent(
        "A user signed in to the console without a second factor",
        '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes")'
        ' && ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }',
    ),
    "iam_changes": SecurityEvent(
        "Users, roles or policies changed",
        _service_event(
            "iam",
            "Create*",
            "Delete*",
            "Put*",
            "Attach*",
            "Detach*",
            "AddUserToGroup",
            "RemoveUserFromGroup",
            "Update*",
            "SetDefaultPolicyVersion",
            "DeactivateMFADevice",
        ),
    ),
    "trail_changes": SecurityEvent(
        "The audit trail was changed or stopped",
        _service_event(
            "cloudtrail",
            "CreateTrail",
            "UpdateTrail",
            "DeleteTrail",
            "StartLogging",
            "StopLogging",
            "PutEventSelectors",
        ),
    ),
    "key_removals": SecurityEvent(
        "A KMS key was disabled or scheduled for deletion",
        _service_event("kms", "DisableKey", "ScheduleKeyDeletion", "DisableKeyRotation"),
    ),
    "security_group_changes": SecurityEvent(
        "A security group changed",
        _any_event(
            "AuthorizeSecurityGroupIngress",
            "AuthorizeSecurityGroupEgress",
            "RevokeSecurityGroupIngress",
            "RevokeSecurityGroupEgress",
            "ModifySecurityGroupRules",
            "CreateSecurityGroup",
            "DeleteSecurityGroup",
        ),
    ),
    "network_acl_changes": SecurityEvent(
        "A network ACL changed",
        _any_event(
            "CreateNetworkAcl",
            "CreateNetworkAclEntry",
            "DeleteNetworkAcl",
            "DeleteNetworkAclEntry",
            "ReplaceNetworkAclEntry",
            "ReplaceNetworkAclAssociation",
        ),
    ),
    "route_changes": SecurityEvent(
        "A route, gateway or VPC changed",
        _any_event(
            "CreateRoute",
            "CreateRouteTable",
            "ReplaceRoute",
            "ReplaceRouteTableAssociation",
            "DeleteRouteTable",
            "DeleteRoute",
            "DisassociateRouteTable",
            "AttachInternetGateway",
            "DetachInternetGateway",
            "CreateVpcPeeringConnection",
            "DeleteVpc",
            "ModifyVpcAttribute",
        ),
    ),
    "bucket_policy_changes": SecurityEvent(
        "Who may reach a bucket, or how long its objects are kept, changed",
        _service_event(
            "s3",
            "PutBucketPolicy",
            "DeleteBucketPolicy",
            "PutBucketAcl",
            "PutBucketPublicAccessBlock",
            "DeleteBucketPublicAccessBlock",
            "PutBucketLifecycle",
            "DeleteBucketLifecycle",
            "PutBucketVersioning",
            "PutBucketReplication",
        ),
    ),
    "log_removals": SecurityEvent(
        "Logs were deleted, or their recording switched off",
        _any_event(
            "DeleteLogGroup",
            "DeleteLogStream",
            "PutRetentionPolicy",
            "DeleteFlowLogs",
            "DeleteLoggingConfiguration",
            "DeleteWebACL",
            "DisableAlarmActions",
            "DeleteAlarms",
        ),
    ),
}


class SecurityAlarms(Construct):
    """One metric and one alarm per security event."""

    def __init__(
        self, scope: Construct, id_: str, *, deployment: Deployment, trail_log_group: str, alarms: AlarmMaker
    ) -> None:
        super().__init__(scope, id_)
        namespace = deployment.names("security")
        for event_id, event in SECURITY_EVENTS.items():
            name = deployment.names(event_id.replace("_", "-"))
            CloudwatchLogMetricFilter(
                self,
                event_id,
                name=name,
                log_group_name=trail_log_group,
                pattern=event.pattern,
                metric_transformation={"namespace": namespace, "name": event_id, "value": "1", "default_value": "0"},
            )
            alarm = Alarm(event.meaning, Metric(namespace, event_id), event.threshold)
            alarms.make(self, f"{event_id}_alarm", alarm)
