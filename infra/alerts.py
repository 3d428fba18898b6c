"""Where alarms go: one encrypted topic."""

from cdktf_cdktf_provider_aws.sns_topic import SnsTopic
from cdktf_cdktf_provider_aws.sns_topic_policy import SnsTopicPolicy
from cdktf_cdktf_provider_aws.sns_topic_subscription import SnsTopicSubscription
from constructs import Construct

from infra.deployment import Deployment
from infra.iam import EVERYONE, allow, deny, policy_document


class Alerts(Construct):
    """A topic that alarms and database events publish to, and the e-mail address that reads it, if one is given.

    Messages name resources and numbers, never data of a customer.
    """

    def __init__(
        self, scope: Construct, id_: str, *, deployment: Deployment, kms_key_arn: str, email: str | None
    ) -> None:
        super().__init__(scope, id_)
        name = deployment.names("alerts")
        topic = SnsTopic(self, "topic", name=name, kms_master_key_id=kms_key_arn, tags={"Name": name})
        publishers = {"Service": ["cloudwatch.amazonaws.com", "events.rds.amazonaws.com"]}
        SnsTopicPolicy(
            self,
            "policy",
            arn=topic.arn,
            policy=policy_document(
                [
                    allow(
                        "sns:Publish",
                        on=topic.arn,
                        to=publishers,
                        where={"StringEquals": {"aws:SourceAccount": deployment.account_id}},
                        sid="AlarmsAndDatabaseEvents",
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
