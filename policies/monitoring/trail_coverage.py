"""What a CloudTrail trail records."""

from collections.abc import Iterator

from policies.resources import Attribute, Block, Resource

_EVERYTHING = ("eventCategory", "eventSource")  # management events may leave out noisy sources
_KEEPS_ONLY = ("equals", "starts_with", "ends_with")


def gaps(trail: Resource) -> Iterator[tuple[Attribute, str]]:
    """What keeps the trail from recording all calls in all regions: the attribute concerned, and why."""
    logging = trail.attribute("enable_logging")
    if logging.is_false:
        yield logging, "the trail is switched off"
    regions = trail.attribute("is_multi_region_trail")
    if not regions.is_true:
        yield regions, "it records one region only"
    globally = trail.attribute("include_global_service_events")
    if globally.is_false:
        yield globally, "it leaves out IAM and other global services"
    if not _records_management_events(trail):
        path = "advanced_event_selector" if trail.blocks("advanced_event_selector") else "event_selector"
        yield Attribute(trail, path, None, ()), "its selectors leave out management events, or a part of them"


def _records_management_events(trail: Resource) -> bool:
    basic, advanced = trail.blocks("event_selector"), trail.blocks("advanced_event_selector")
    if not basic and not advanced:
        return True  # the default
    return any(_is_whole(one) for one in basic) or any(_selects_management(one) for one in advanced)


def _is_whole(selector: Block) -> bool:
    included, kind = selector.attribute("include_management_events"), selector.attribute("read_write_type")
    return not included.is_false and kind.text in ("", "All")


def _selects_management(selector: Block) -> bool:
    fields = selector.blocks("field_selector")
    names = {field.attribute("field").text for field in fields}
    events = [field for field in fields if field.attribute("field").text == "eventCategory"]
    categories = [one.text for field in events for one in field.attribute("equals").items()]
    narrowed = any(
        field.attribute(operator).items()
        for field in fields
        for operator in _KEEPS_ONLY
        if field.attribute("field").text == "eventSource"
    )
    return categories == ["Management"] and names <= set(_EVERYTHING) and not narrowed
