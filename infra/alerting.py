"""What every stack's alerts need: a topic, and a key that those who publish to it may use."""

from constructs import Construct

from infra.alerts import Alerts, Publishers
from infra.deployment import Deployment
from infra.keys import EncryptionKey, used_by_publishers


def alerts_with_key(
    scope: Construct,
    *,
    deployment: Deployment,
    publishers: Publishers,
    email: str | None,
    key_users: Publishers | None = None,
    protects: str = "Alerts",
) -> Alerts:
    """Return the topic; it and its key become the constructs `topic` and `alerts` of `scope`.

    `key_users` are those who may use the key, where they are more than the publishers; `protects` says for what.
    """
    key = EncryptionKey(
        scope,
        "alerts",
        deployment=deployment,
        description=protects,
        statements=[used_by_publishers(deployment, key_users or publishers)],
    )
    return Alerts(scope, "topic", deployment=deployment, kms_key_arn=key.arn, publishers=publishers, email=email)
