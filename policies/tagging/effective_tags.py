"""The tags a resource ends up with."""

from typing import Any

from policies.resources import Attribute, Resource, Undetermined


def effective_tags(resource: Resource) -> dict[str, Any]:
    """The resource's own tags over the default tags of its provider alias, as the AWS provider merges them.

    Raises Undetermined when the tags are not known as a whole.
    """
    merged = resource.attribute("tags_all")  # the provider's own answer, which a configuration cannot give
    by_hand = resource.written is not None or "tags_all" in (resource.expressions or {})
    if not by_hand and not merged.is_missing and not merged.is_unresolved:
        return _map(merged)
    defaults = Attribute(resource, "default_tags", resource.provider.default_tags if resource.provider else {}, ())
    return {**_map(defaults), **_map(resource.attribute("tags"))}


def _map(tags: Attribute) -> dict[str, Any]:
    if not isinstance(tags.value or {}, dict):
        raise Undetermined(tags.undetermined("these are no tags as the provider takes them"))
    return tags.value or {}
