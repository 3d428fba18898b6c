"""Policy web-acl-limits-rate."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Block, Resource
from policies.waf.rules import WEB_ACL, may_allow, members, only_counts, rules

WINDOW_SECONDS = 300  # AWS WAF's own default, and what the limit is about
_HIGHEST_LIMIT = 2_000_000_000  # that AWS WAF takes: unless somebody asks, any limit will do
_STOPPING = ("block", "captcha", "challenge")


@policy(
    id="web-acl-limits-rate",
    title="A web ACL stops addresses that ask too often",
    remediation="Put a rate_based_statement that aggregates by IP, without scope_down_statement and with the action "
    "block, before every rule that allows.",
    severity="high",
    applies_to=(WEB_ACL,),
)
def judge(acl: Resource, graph: ResourceGraph, *, requests: int = _HIGHEST_LIMIT) -> Iterator[Finding]:
    """Passwords are guessed, and applications brought down, by many requests from few addresses. Each such request is
    a legal one, so nothing but its number gives it away. `requests` is how many an address may send in 5 minutes."""
    shortcomings: list[str] = []
    for rule in rules(acl):
        inner = () if only_counts(rule) else members(rule, graph) or ()
        for limit in (one for one in (rule, *inner) if one.blocks("statement.rate_based_statement")):
            shortcoming = _shortcoming(limit, requests, is_global=acl.attribute("scope").value == "CLOUDFRONT")
            if shortcoming is None:
                yield acl.passes(f"{limit.attribute('name').text} stops an address that asks too often")
                return
            shortcomings.append(f"{limit.attribute('name').text} {shortcoming}")
        if may_allow(rule, graph):
            shortcomings.append(f"{rule.attribute('name').text} allows requests before they are counted")
            break
    yield acl.fails("; ".join(shortcomings) or "no rule limits how often an address may ask")


def _shortcoming(rule: Block, requests: int, *, is_global: bool) -> str | None:
    """Why the rule does not hold every address to the limit; None when it does."""
    if not any(rule.blocks(f"action.{action}") for action in _STOPPING):
        return "stops nobody"
    statement = rule.blocks("statement.rate_based_statement")[0]
    if statement.blocks("scope_down_statement"):
        return "counts some requests only"
    key = statement.attribute("aggregate_key_type").text or "IP"
    if key == "FORWARDED_IP" and is_global:
        return "counts by a header, which every viewer can write as he likes"
    if key not in ("IP", "FORWARDED_IP") and not _is_by_address(statement):
        return f"does not count by address: {key}"
    limit = statement.attribute("limit").number
    window = statement.attribute("evaluation_window_sec").number or WINDOW_SECONDS
    if limit is None or limit * WINDOW_SECONDS > requests * window:
        return f"lets through {limit or 0:g} requests in {window:g} seconds"
    return None


def _is_by_address(statement: Block) -> bool:
    """By own keys, of which the address is the only one: together with others it would be counted more often."""
    keys = statement.blocks("custom_key")
    return len(keys) == 1 and bool(keys[0].blocks("ip"))
