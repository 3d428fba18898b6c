"""Where alarms go: one encrypted topic."""

from dataclasses import dataclass

from cdktf_cdktf_provider_aws.sns_topic import SnsTopic
from cdktf_cdktf_provider_aws.sns_topic_policy import SnsTopicPolicy
from cdktf_cdktf_provider_aws.sns_topic_subscription import SnsTopicSubscription
from constructs import Construct

from infra.deployment import Deployment
from infra.iam import EVERYONE, allow, deny, policy_document


@dataclass(frozen=True)
class Publishers:
    """AWS services that publish alerts in our name; `sid` says in a policy what they publish."""

    services: tuple[str, ...]
    sid: str


ALARMS = Publishers(("cloudwatch.amazonaws.com",), "Alarms")
DATABASE_ALERTS = Publishers(("cloudwatch.amazonaws.com", "events.rds.amazonaws.com"), "AlarmsAndDatabaseEvents")


class Alerts(Construct):
    """A topic that `publishers` publish to, and the e-mail address that reads it, if one is given.

    Messages name resources and numbers, never data of a customer.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        kms_key_arn: str,
        publishers: Publishers,
        email: str | None,
    ) -> None:
        super().__init__(scope, id_)
        name = deployment.names("alerts")
        topic = SnsTopic(self, "topic", name=name, kms_master_key_id=kms_key_arn, tags={"Name": name})
        SnsTopicPolicy(
            self,
            "policy",
            arn=topic.arn,
            policy=policy_document(
                [
                    allow(
                        "sns:Publish",
                        on=topic.arn,
                        to={"Service": list(publishers.services)},
                        where={"StringEquals": {"aws:SourceAccount": deployment.account_id}},
                        sid=publishers.sid,
                    ),
                    deny(
                        "sns:Publish",
                        on=topic.arn,
                        to=EVERYONE,
                        where={"Bool": {"aws:SecureTransport": "false"}},
                        sid="TlsOnly",
                    ),
                ]
            ),
        )
        if email:
            SnsTopicSubscription(self, "email", topic_arn=topic.arn, protocol="email", endpoint=email)
        self.topic_arn: str = topic.arn
        self.key_arn = kms_key_arn
