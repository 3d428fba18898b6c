"""How long CloudFront keeps an answer that does not say so itself, and whether that answer may be a personal one."""

from policies.graph import ResourceGraph
from policies.resources import Attribute, Block, Resource, Undetermined

# Managed cache policies: name and id (CloudFront developer guide), and whether they keep such answers at all.
_MANAGED = (
    ("Managed-CachingDisabled", "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", False),
    ("Managed-CachingOptimized", "658327ea-f89d-4fab-a63d-7e88639e58f6", True),
    ("Managed-CachingOptimizedForUncompressedObjects", "b2884449-e4de-46a7-ac36-70bc7f1ddd6d", True),
    ("Managed-Elemental-MediaPackage", "08627262-05a9-4f76-9ded-b50ca2e3a84f", True),
    ("Managed-Amplify", "2e54312d-136d-493c-8eb9-b001f22f67d2", True),
    ("UseOriginCacheControlHeaders", "83da9c7e-98b4-4e06-a168-04f0df8e2c65", False),
    ("UseOriginCacheControlHeaders-QueryStrings", "4cc15a8a-d715-48a4-82b8-cc0b614638fe", False),
)
_MANAGED_KEEPS = {key: keeps for name, id_, keeps in _MANAGED for key in (name, id_)}
# Managed origin request policies that hand the viewer's cookies on: name and id.
_HANDS_COOKIES_ON = frozenset(
    {
        *("Managed-AllViewer", "216adef6-5c7f-47e4-b989-5492eafa07d3"),
        *("Managed-AllViewerExceptHostHeader", "b689b0a8-53d0-40ab-baf2-68738e2966ac"),
        *("Managed-AllViewerAndCloudFrontHeaders-2022-06", "33f36d7e-f396-46d9-90e0-52428a34d9dc"),
    }
)
_CACHE_POLICY_SECONDS = 86400  # default_ttl of a cache policy that says nothing
_BEHAVIOR_SECONDS = 0  # what the provider sends for a behavior without cache policy that says nothing


def keeps_answers(behavior: Block, graph: ResourceGraph) -> bool:
    """Whether answers without a word on caching are kept. Raises Undetermined when the cache policy is not known."""
    named = behavior.attribute("cache_policy_id")
    if not named.is_unresolved and not named.text:
        return _lasts(behavior, _BEHAVIOR_SECONDS)
    for own in graph.targets(named, "aws_cloudfront_cache_policy"):
        return _lasts(own, _CACHE_POLICY_SECONDS)
    for found in graph.targets(named, "data.aws_cloudfront_cache_policy"):
        return _looked_up(found, named)
    return _managed(named, named)


def hands_cookies_on(behavior: Block, graph: ResourceGraph) -> bool:
    """Whether the origin learns who asks by cookies that the cache does not tell answers apart by."""
    named = behavior.attribute("origin_request_policy_id")
    for own in graph.targets(named, "aws_cloudfront_origin_request_policy"):
        return own.attribute("cookies_config.cookie_behavior").text != "none"
    for found in graph.targets(named, "data.aws_cloudfront_origin_request_policy"):
        key = found.attribute("name")
        return (found.attribute("id") if key.is_missing else key).text in _HANDS_COOKIES_ON
    return named.text in _HANDS_COOKIES_ON


def _looked_up(found: Resource, named: Attribute) -> bool:
    if not found.attribute("default_ttl").is_missing:  # what a plan or state has found
        return _lasts(found, _CACHE_POLICY_SECONDS)
    key = found.attribute("name")
    return _managed(found.attribute("id") if key.is_missing else key, named)


def _managed(key: Attribute, named: Attribute) -> bool:
    if key.text not in _MANAGED_KEEPS:
        raise Undetermined(named.undetermined(f"the cache policy {key.text} is not part of this input"))
    return _MANAGED_KEEPS[key.text]


def _lasts(times: Block, default_seconds: int) -> bool:
    default = times.attribute("default_ttl")
    seconds = default_seconds if default.is_missing else default.number
    return bool(seconds) or bool(times.attribute("min_ttl").number)
