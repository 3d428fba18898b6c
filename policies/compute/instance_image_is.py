"""Policy instance-image-is."""

from collections.abc import Iterator

from policies.compute.images import finds_only, gives, is_published
from policies.compute.launch import LAUNCHING, setting
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Resource


@policy(
    id="instance-image-is",
    title="Instances start from an image that Amazon publishes in the family that was chosen",
    remediation="Take image_id from the public parameter below /aws/service/ami-amazon-linux-latest/, or from a "
    "data.aws_ami with owners = [amazon] and a filter on the family's names.",
    severity="high",
    applies_to=LAUNCHING,
)
def judge(resource: Resource, graph: ResourceGraph, *, name_prefix: str) -> Iterator[Finding]:
    """Anybody can publish an image under any name, and a look-up that does not ask for the owner may find theirs. The
    family decides how long the operating system gets patches."""
    for image in setting(resource, graph, "image_id"):
        parameters = [one for one in graph.of_type("data.aws_ssm_parameter") if gives(one, image, graph)]
        lookups = graph.targets(image, "data.aws_ami")
        named = image.text.removeprefix("resolve:ssm:") if not image.is_unresolved else ""
        if image.is_missing:
            yield image.fails("no image is named")
        elif named.startswith("/"):
            yield _verdict(image, is_published(named, name_prefix), named)
        elif not parameters and not lookups:
            yield image.undetermined("where the image comes from is not known here")
        for parameter in parameters:
            name = parameter.attribute("name").text
            yield _verdict(image, is_published(name, name_prefix), name)
        for lookup in lookups:
            yield _verdict(image, finds_only(lookup, name_prefix), lookup.address)


def _verdict(image: Attribute, is_of_family: bool, origin: str) -> Finding:
    if is_of_family:
        return image.passes(f"{origin} is of the family, and Amazon publishes it")
    return image.fails(f"{origin} is not of the family, or somebody else may have published it")
