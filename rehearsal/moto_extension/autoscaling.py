"""Auto Scaling: whether a scaling policy is enabled."""

from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult


def install() -> None:
    """Give back what was put, and true by default; the provider reads what moto leaves out as false."""
    put = AutoScalingResponse.put_scaling_policy

    def put_scaling_policy(self: AutoScalingResponse) -> ActionResult:
        result = put(self)
        policy = self.autoscaling_backend.policies[self._get_param("PolicyName")]
        vars(policy).update(enabled=self._get_bool_param("Enabled", True))
        return result

    AutoScalingResponse.put_scaling_policy = put_scaling_policy  # type: ignore[method-assign]
