"""Policy instances-have-own-role."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.identity.profiles import LAUNCHED, profiles_of
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Resource


@policy(
    id="instances-have-own-role",
    title="Instances act under a role of the stack",
    remediation="Name an aws_iam_instance_profile with a role of the stack in iam_instance_profile.",
    severity="medium",
    applies_to=LAUNCHED,
)
def judge(launched: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Instances without a role get access keys by hand, which nobody rotates and everybody copies. With a role that
    is written elsewhere, nobody who reads the stack can say what its instances may do."""
    named = profiles_of(launched, graph)
    if not named:
        yield launched.attribute("iam_instance_profile").fails("the instances have no role")
    for profile in named:
        yield _verdict(launched, profile, graph)


def _verdict(launched: Resource, profile: Attribute, graph: ResourceGraph) -> Finding:
    """Told at the resource that launches, also where its template names the profile."""
    shown = profile if profile.resource is launched else launched.attribute("launch_template")
    for found in graph.targets(profile, "aws_iam_instance_profile"):
        role = found.attribute("role")
        if role.is_missing:
            return shown.fails(f"{found.address} holds no role")
        for one in graph.targets(role, "aws_iam_role"):
            return shown.passes(f"the instances act under {one.address}")
    return shown.undetermined("the role of the instances is not part of this input")
