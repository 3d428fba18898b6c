"""In which region a resource is."""

import re

from policies.resources import Attribute, Resource, Undetermined, Unresolved

_FROM_OUTSIDE = Unresolved("the region that the environment of whoever deploys names")
_ARN = re.compile(r"arn:[\w-]+:[\w-]*:([\w-]+):")


def region_of(resource: Resource) -> Attribute:
    """Its own, that of its provider, or, in a state, which knows no providers, that of its ARN; it may be missing."""
    if resource.scope.has_configuration:
        own = resource.attribute("region")  # an argument of every resource since version 6 of the provider
        if isinstance(own.raw_value, str | Unresolved):
            return own
        region = resource.provider.region if resource.provider else None
        return Attribute(resource, "provider.region", _FROM_OUTSIDE if region is None else region, ())
    arn = _ARN.match(str(resource.attribute("arn").raw_value))
    return Attribute(resource, "arn", arn[1] if arn else None, ())


def region_name(resource: Resource) -> str:
    """The region's name. Raises Undetermined when nobody knows it; the ARN of a bucket has none, its state does."""
    found = region_of(resource)
    if found.is_missing:
        found = resource.attribute("region")
    if not found.text:
        raise Undetermined(resource.undetermined(f"nothing in this input says which region {resource.address} is in"))
    return found.text


def are_in_one_region(one: Resource, other: Resource) -> bool:
    """Whether both are in the same region, be its name known or not. Raises Undetermined when that cannot be known."""
    by_provider = one.scope.has_configuration and not any(isinstance(r.body.get("region"), str) for r in (one, other))
    if by_provider and one.provider == other.provider:
        return True
    return region_name(one) == region_name(other)


def region_of_arn(arn: str) -> str:
    """The region that an ARN names; empty when it names none, or is no ARN."""
    found = _ARN.match(arn)
    return found[1] if found else ""
