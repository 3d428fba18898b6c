"""Policy alarms-reach-their-topic."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.iam_documents import statements
from policies.model import Finding
from policies.monitoring.admission import admits
from policies.monitoring.alarms import COMPOSITE_ALARM, METRIC_ALARM
from policies.registry import policy
from policies.resources import Attribute, Resource

_PUBLISH = ("sns:publish",)
_ENCRYPT = ("kms:generatedatakey", "kms:decrypt")


@policy(
    id="alarms-reach-their-topic",
    title="CloudWatch may publish to the topic that alarms name, and use its key",
    remediation="Let the topic's policy allow sns:Publish, and its key's policy kms:GenerateDataKey* with kms:Decrypt, "
    "to cloudwatch.amazonaws.com; alias/aws/sns admits no alarms.",
    severity="high",
    applies_to=("aws_sns_topic",),
)
def judge(topic: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """CloudWatch drops what it may not publish, and nobody is told: an alarm goes off and no message arrives. The key
    that AWS manages for SNS is the usual cause."""
    if not any(graph.referrers(topic, type_, "alarm_actions") for type_ in (METRIC_ALARM, COMPOSITE_ALARM)):
        yield topic.not_applicable("no alarm publishes to it")
        return
    separate = [one.attribute("policy") for one in graph.referrers(topic, "aws_sns_topic_policy", "arn")]
    shown = topic.attribute("policy")
    for document in separate or [shown]:
        if document.is_missing:
            yield shown.passes("the default policy admits the alarms of the account")
        elif admits(statements(document, graph), _PUBLISH):
            yield shown.passes("the topic's policy admits CloudWatch")
        else:
            yield shown.fails("the topic's policy does not let CloudWatch publish")
    yield _key_verdict(topic.attribute("kms_master_key_id"), graph)


def _key_verdict(named: Attribute, graph: ResourceGraph) -> Finding:
    if named.raw_value in (None, ""):
        return named.passes("no key stands between CloudWatch and the topic")
    if not named.is_unresolved and "alias/aws/" in named.text:
        return named.fails("the key of AWS for SNS does not admit CloudWatch")
    keys = list(graph.targets(named, "aws_kms_key"))
    for alias in graph.targets(named, "aws_kms_alias"):
        keys.extend(graph.targets(alias.attribute("target_key_id"), "aws_kms_key"))
    if not keys:
        return named.undetermined("whom the key admits is not part of this input")
    separate = [one.attribute("policy") for one in graph.referrers(keys[0], "aws_kms_key_policy", "key_id")]
    documents = separate or [keys[0].attribute("policy")]
    if any(admits(statements(document, graph), _ENCRYPT) for document in documents):
        return named.passes(f"{keys[0].address} admits CloudWatch")
    return named.fails(f"{keys[0].address} does not let CloudWatch encrypt")
