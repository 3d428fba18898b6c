"""Where the image of an instance comes from: Amazon's public parameters, and look-ups by owner and name."""

from policies.graph import ResourceGraph
from policies.resources import Attribute, Resource

_PUBLIC = "/aws/service/ami-amazon-linux-latest/"
_AMAZON = frozenset({"amazon", "137112412989"})  # the alias, and the account that publishes Amazon Linux


def is_published(parameter: str, prefix: str) -> bool:
    """Whether the parameter of this name is one of Amazon's, for an image whose name has the prefix."""
    return parameter.startswith(_PUBLIC + prefix)


def gives(parameter: Resource, image: Attribute, graph: ResourceGraph) -> bool:
    """Whether the image id is the parameter's value: by reference, or, where only values are left, the same id."""
    if parameter in graph.targets(image, parameter.type):
        return True
    values = [parameter.attribute(path) for path in ("insecure_value", "value")]
    return not image.is_unresolved and any(one.raw_value == image.value for one in values if not one.is_missing)


def finds_only(lookup: Resource, prefix: str) -> bool:
    """Whether the look-up `data.aws_ami` finds nothing but images of Amazon whose names have the prefix."""
    owners = [owner.text for owner in lookup.attribute("owners").items()]
    filters = {block.attribute("name").text: block.attribute("values").items() for block in lookup.blocks("filter")}
    names = [name.text for name in filters.get("name", ())]
    expression = lookup.attribute("name_regex").text
    by_expression = expression.startswith(f"^{prefix}") and "|" not in expression
    by_name = bool(names) and all(name.startswith(prefix) for name in names)
    return bool(owners) and set(owners) <= _AMAZON and (by_name or by_expression)
