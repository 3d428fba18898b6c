"""How many instances run: by load, and by the hours of the business."""

from cdktf_cdktf_provider_aws.autoscaling_policy import AutoscalingPolicy, AutoscalingPolicyStepAdjustment
from cdktf_cdktf_provider_aws.autoscaling_schedule import AutoscalingSchedule
from constructs import Construct

from infra.alarms import Alarm, AlarmMaker, Metric
from infra.compute import NIGHT_MINIMUM, WARMUP_SECONDS
from infra.deployment import Deployment
from infra.profiles import BUSINESS_MINIMUM_INSTANCES

SCALE_OUT_CPU_PERCENT = 70
SCALE_IN_CPU_PERCENT = 30
STEEP_LOAD_PERCENT = 15  # above the threshold: then two instances at once

# New York observes daylight saving time; a fixed offset would be an hour off in summer.
TIME_ZONE = "America/New_York"
OPENING = "45 7 * * MON-FRI"  # a quarter of an hour early, so that three serve at 8:00
CLOSING = "0 18 * * MON-FRI"
UNCHANGED = -1  # leaving a value out would set it to zero


class Scaling(Construct):
    """Out at 70 % CPU, in at 30 %; at least three instances from 8:00 to 18:00 in New York on weekdays.

    Steps, not target tracking: tracking 70 % would scale in by a rule of its own, and fight the one at 30 %.
    """

    def __init__(
        self, scope: Construct, id_: str, *, deployment: Deployment, group_name: str, alarms: AlarmMaker
    ) -> None:
        super().__init__(scope, id_)
        self._deployment = deployment
        self._group_name = group_name
        out = self._policy(
            "out",
            AutoscalingPolicyStepAdjustment(
                metric_interval_lower_bound="0",
                metric_interval_upper_bound=str(STEEP_LOAD_PERCENT),
                scaling_adjustment=1,
            ),
            AutoscalingPolicyStepAdjustment(metric_interval_lower_bound=str(STEEP_LOAD_PERCENT), scaling_adjustment=2),
        )
        inward = self._policy(
            "in", AutoscalingPolicyStepAdjustment(metric_interval_upper_bound="0", scaling_adjustment=-1)
        )
        load = Metric("AWS/EC2", "CPUUtilization", {"AutoScalingGroupName": group_name}, "Average")
        busy = Alarm("The instances are busy: one more", load, SCALE_OUT_CPU_PERCENT, period_seconds=60, periods=3)
        idle = Alarm("The instances idle: one less", load, SCALE_IN_CPU_PERCENT, below=True, periods=3)
        alarms.make(self, "cpu_high", busy, also=[out.arn])
        alarms.make(self, "cpu_low", idle, also=[inward.arn])
        self._schedule("opening", OPENING, BUSINESS_MINIMUM_INSTANCES)
        self._schedule("closing", CLOSING, NIGHT_MINIMUM)

    def _policy(self, direction: str, *steps: AutoscalingPolicyStepAdjustment) -> AutoscalingPolicy:
        return AutoscalingPolicy(
            self,
            direction,
            name=self._deployment.names(f"scale-{direction}"),
            autoscaling_group_name=self._group_name,
            policy_type="StepScaling",
            adjustment_type="ChangeInCapacity",
            metric_aggregation_type="Average",
            estimated_instance_warmup=WARMUP_SECONDS,
            step_adjustment=list(steps),
        )

    def _schedule(self, id_: str, recurrence: str, minimum: int) -> None:
        AutoscalingSchedule(
            self,
            id_,
            scheduled_action_name=self._deployment.names(id_),
            autoscaling_group_name=self._group_name,
            recurrence=recurrence,
            time_zone=TIME_ZONE,
            min_size=minimum,
            max_size=self._deployment.profile.portal_maximum_instances,
            desired_capacity=UNCHANGED,
        )
