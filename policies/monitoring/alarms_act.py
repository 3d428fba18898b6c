"""Policy alarms-act."""

import re
from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.monitoring.alarms import COMPOSITE_ALARM, METRIC_ALARM, composite_of
from policies.registry import policy
from policies.resources import Attribute, Resource, Unresolved

_ACTION = re.compile(r"arn:[\w-]+:(sns|autoscaling|automate|swf|ssm|ssm-incidents|lambda|aiops):.+")
_ACTORS = ("aws_sns_topic", "aws_autoscaling_policy", "aws_appautoscaling_policy", "aws_lambda_function")


@policy(
    id="alarms-act",
    title="Every alarm does something when it goes off",
    remediation="Name an SNS topic or a scaling policy in alarm_actions, and leave actions_enabled on.",
    severity="medium",
    applies_to=(METRIC_ALARM, COMPOSITE_ALARM),
)
def judge(alarm: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """An alarm without an action turns red on a page that nobody is looking at. The failure it was made for is then
    found by customers, or by whoever exploits it."""
    actions, enabled = alarm.attribute("alarm_actions"), alarm.attribute("actions_enabled")
    composite = composite_of(alarm, graph)
    if composite is not None:
        yield alarm.passes(f"it is a part of {composite.address}, which acts")
    elif enabled.is_false:
        yield enabled.fails("its actions are switched off")
    elif not actions.items():
        yield actions.fails("it has no action")
    else:
        yield from (_verdict(action, graph) for action in actions.items())


def _verdict(action: Attribute, graph: ResourceGraph) -> Finding:
    actors = graph.targets(action, *_ACTORS)
    if actors:
        return action.passes(f"it goes to {actors[0].address}")
    value = action.raw_value
    if isinstance(value, Unresolved):
        if value.is_reference and value.references[0].startswith(("var.", "data.")):
            return action.passes(f"it goes to what {value.references[0]} hands over")
        return action.undetermined(f"what it does is not known here: {value.text}")
    if _ACTION.fullmatch(action.text):
        return action.passes("it acts on something of another stack")
    return action.fails(f"{action.text} is nothing an alarm can act on")
