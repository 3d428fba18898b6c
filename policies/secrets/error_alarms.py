"""Alarms on the errors of a function."""

from policies.resources import Resource

_ABOVE = {"GreaterThanThreshold": 0, "GreaterThanOrEqualToThreshold": 1}  # with the threshold of the first error


def sees_first_error(alarm: Resource) -> bool:
    """Whether the alarm goes off at the first error of any invocation."""
    if alarm.attribute("namespace").text != "AWS/Lambda" or alarm.attribute("metric_name").text != "Errors":
        return False
    if alarm.attribute("statistic").text not in ("Sum", "Maximum"):
        return False
    highest = _ABOVE.get(alarm.attribute("comparison_operator").text)
    threshold = alarm.attribute("threshold").number
    return highest is not None and threshold is not None and threshold <= highest and _in_one_period(alarm)


def _in_one_period(alarm: Resource) -> bool:
    """One period with an error is enough; several in a row would miss a single failure."""
    needed = alarm.attribute("datapoints_to_alarm").number or alarm.attribute("evaluation_periods").number
    return needed == 1


def tells_somebody(alarm: Resource) -> bool:
    """Whether the alarm does something when it goes off."""
    actions = alarm.attribute("alarm_actions")
    return not alarm.attribute("actions_enabled").is_false and (actions.is_unresolved or bool(actions.items()))
