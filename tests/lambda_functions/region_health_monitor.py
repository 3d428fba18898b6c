"""A region in moto with something to probe and somebody to tell, where the function is called as Lambda does."""

import functools
import itertools
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from check_region_health import handler as handler_module
from check_region_health.handler import handler
from check_region_health.monitor_state import MonitorState
from check_region_health.settings import Settings

OWN_REGION = "us-east-2"
OTHER_REGION = "us-west-2"
FUNCTION_NAME = "region-health-test"
STATE_KEY = {"id": {"S": f"{OWN_REGION}/{FUNCTION_NAME}/{OWN_REGION}"}}
PERIOD = timedelta(minutes=2)
MESSAGES_MAX = 10
START = datetime(2026, 1, 1, tzinfo=UTC)
CREDENTIALS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}

_numbers = itertools.count()


def environment(probes: Any, **changes: str) -> dict[str, str]:
    """The least that the function is given."""
    return {
        "AWS_REGION": OWN_REGION,
        "AWS_LAMBDA_FUNCTION_NAME": FUNCTION_NAME,
        "PROBES": json.dumps(probes),
        "STATE_TABLE": "region-health-state",
        "SNS_TOPIC_ARN": f"arn:aws:sns:{OWN_REGION}:123456789012:alerts",
        **changes,
    }


def settings_with(*required: str, optional: tuple[str, ...] = ()) -> Settings:
    """Settings with probes of these names."""
    names = [*required, *optional]
    probes = [{"kind": "bucket", "name": name, "bucket": "files", "required": name in required} for name in names]
    return Settings.from_environment(environment(probes))


@dataclass
class LambdaContext:
    """What Lambda passes."""

    remaining_ms: int = 60_000
    function_name: str = FUNCTION_NAME
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = f"arn:aws:lambda:{OWN_REGION}:123456789012:function:{FUNCTION_NAME}"
    aws_request_id: str = "00000000-0000-4000-8000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


@dataclass(frozen=True)
class Metric:
    """One metric as CloudWatch reads it from a line of the log."""

    namespace: str
    dimensions: frozenset[tuple[str, str]]
    name: str
    unit: str
    values: tuple[float, ...]


@dataclass
class Region:
    """Resources of one test, the clock that the function sees, and the settings it gets."""

    name: str
    aws_url: str
    monkeypatch: pytest.MonkeyPatch
    now: datetime = START
    probes: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.table = self.bucket = self.bus = self.name
        self.state_table = f"{self.name}-state"
        self.dynamodb, self.s3, self.sns, self.sqs, self.events = map(
            self.client, ("dynamodb", "s3", "sns", "sqs", "events")
        )
        self.create_table(self.state_table)
        self.create_table(self.table)
        self.create_bucket()
        self.queues = {
            channel: self.sqs.create_queue(QueueName=f"{self.name}-{channel}")["QueueUrl"]
            for channel in ("sns", "eventbridge")
        }
        self.topic_arn = self.create_topic()
        self.events.create_event_bus(Name=self.bus)
        self.events.put_rule(Name=self.name, EventBusName=self.bus, EventPattern='{"source": ["region-health"]}')
        target = {"Id": "queue", "Arn": self._queue_arn("eventbridge")}
        self.events.put_targets(Rule=self.name, EventBusName=self.bus, Targets=[target])
        self.probes = [
            {"kind": "bucket", "name": "files", "bucket": self.bucket},
            {"kind": "table", "name": "orders", "table": self.table, "canary_key": {"id": "canary"}},
        ]
        self.set_environment()
        self.monkeypatch.setattr(handler_module, "current_time", lambda: self.now.timestamp())

    def client(self, service: str, region: str = OWN_REGION) -> Any:
        return _client(service, region, self.aws_url)

    def set_environment(self, **changes: str) -> None:
        """The function's environment, with the present probes."""
        variables = {
            **environment(self.probes, STATE_TABLE=self.state_table, SNS_TOPIC_ARN=self.topic_arn),
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "EVENT_BUS_NAME": self.bus,
            **changes,
        }
        for name, value in variables.items():
            self.monkeypatch.setenv(name, value)

    def create_table(self, name: str, region: str = OWN_REGION) -> None:
        self.client("dynamodb", region).create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def create_bucket(self) -> None:
        self.s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": OWN_REGION})

    def delete_bucket(self) -> None:
        self.s3.delete_bucket(Bucket=self.bucket)

    def create_topic(self) -> str:
        arn: str = self.sns.create_topic(Name=self.name)["TopicArn"]
        self.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=self._queue_arn("sns"))
        return arn

    def _queue_arn(self, channel: str) -> str:
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.queues[channel], AttributeNames=["QueueArn"])
        arn: str = attributes["Attributes"]["QueueArn"]
        return arn

    def event(self) -> dict[str, Any]:
        """What an EventBridge rule sends at this time."""
        return {
            "version": "0",
            "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "123456789012",
            "time": self.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": OWN_REGION,
            "resources": [],
            "detail": {},
        }

    def next_event(self) -> dict[str, Any]:
        """Two minutes go by."""
        self.now += PERIOD
        return self.event()

    def invoke(self, event: dict[str, Any], remaining_ms: int = 60_000) -> dict[str, Any]:
        """Call the function as Lambda would."""
        report = handler(json.loads(json.dumps(event)), LambdaContext(remaining_ms))
        json.dumps(report)  # Lambda fails an invocation whose answer it cannot write
        return report

    def look(self) -> dict[str, Any]:
        return self.invoke(self.next_event())

    def item(self) -> dict[str, Any]:
        """What the function has stored, if anything."""
        item: dict[str, Any] = self.dynamodb.get_item(TableName=self.state_table, Key=STATE_KEY).get("Item", {})
        return item

    def state(self) -> MonitorState:
        return MonitorState.from_json(self.item()["state"]["S"])

    def restore(self, item: dict[str, Any]) -> None:
        """Store `item` again, or nothing if there was none."""
        if item:
            self.dynamodb.put_item(TableName=self.state_table, Item=item)
        else:
            self.dynamodb.delete_item(TableName=self.state_table, Key=STATE_KEY)

    def received(self) -> dict[str, list[dict[str, Any]]]:
        """What has come out of each channel since the last time this was asked."""
        return {
            "sns": [json.loads(body["Message"]) for body in self.bodies("sns")],
            "eventbridge": [body["detail"] for body in self.bodies("eventbridge")],
        }

    def bodies(self, channel: str) -> Iterator[dict[str, Any]]:
        """What lies in the queue of a channel, which is empty then."""
        url = self.queues[channel]
        count = MESSAGES_MAX
        while count == MESSAGES_MAX:
            messages = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=MESSAGES_MAX).get("Messages", [])
            count = len(messages)
            if messages:
                read = [{"Id": message["MessageId"], "ReceiptHandle": message["ReceiptHandle"]} for message in messages]
                self.sqs.delete_message_batch(QueueUrl=url, Entries=read)
            yield from (json.loads(message["Body"]) for message in messages)

    def changes(self) -> Counter[tuple[str, str, str]]:
        """(subject, previous status, status) of what was announced; asserts that both channels say the same."""
        sns, eventbridge = (Counter(map(change, details)) for details in self.received().values())
        assert sns == eventbridge
        return sns


def change(detail: dict[str, Any]) -> tuple[str, str, str]:
    return detail["subject"], detail["previous_status"], detail["status"]


@functools.cache
def _client(service: str, region: str, aws_url: str) -> Any:
    # In a session of its own: faults are injected into the function's calls only.
    return boto3.Session(**CREDENTIALS).client(service, region_name=region, endpoint_url=aws_url)


def new_region(aws_url: str, monkeypatch: pytest.MonkeyPatch) -> Region:
    """A region of its own for a test."""
    return Region(f"region-health-{next(_numbers)}", aws_url, monkeypatch)


def metrics(output: str) -> list[Metric]:
    """The metrics that CloudWatch finds in `output`: it looks each name up beside the lines' metadata."""
    found = []
    for line in output.splitlines():
        document = json.loads(line)
        for directive in document.get("_aws", {}).get("CloudWatchMetrics", []):
            assert document["_aws"]["Timestamp"] > 0
            for dimensions in directive["Dimensions"]:
                for metric in directive["Metrics"]:
                    values = document[metric["Name"]]
                    found.append(
                        Metric(
                            directive["Namespace"],
                            frozenset((name, document[name]) for name in dimensions),
                            metric["Name"],
                            metric["Unit"],
                            tuple(values if isinstance(values, list) else [values]),
                        )
                    )
    return found
