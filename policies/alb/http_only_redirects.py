"""Policy http-only-redirects."""

from collections.abc import Iterator

from policies.alb.listeners import LISTENERS, protocol_of, rules_of
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Block, Resource


@policy(
    id="http-only-redirects",
    title="A listener for plain HTTP redirects to HTTPS and does nothing else",
    remediation="Make every action of the listener, and of its rules, a redirect to HTTPS on port 443 with 301 or 302.",
    severity="high",
    applies_to=LISTENERS,
)
def judge(listener: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Whatever is answered over plain HTTP can be read and changed on the way, cookies and pages alike. One rule that
    forwards is enough for that, even when the listener redirects everything else."""
    if protocol_of(listener, graph) != "HTTP":
        yield listener.not_applicable("speaks no plain HTTP")
        return
    actions = [*listener.blocks("default_action")]
    actions += [action for rule in rules_of(listener, graph) for action in rule.blocks("action")]
    for action in actions:
        if flaw := _flaw(action):
            yield listener.fails(f"{action.resource.address} {flaw}")
        else:
            yield listener.passes(f"{action.resource.address} redirects to HTTPS")
    if not actions:
        yield listener.fails("no action is set")


def _flaw(action: Block) -> str | None:
    """Why the action is no redirect to HTTPS; None when it is one. Unset, port and protocol are the request's."""
    if action.attribute("type").text != "redirect":
        return f"answers plain HTTP: its action is {action.attribute('type').text}"
    to = {name: action.attribute(f"redirect.{name}").text for name in ("protocol", "port", "status_code")}
    if to["protocol"] != "HTTPS":
        return f"redirects to {to['protocol'] or 'the protocol of the request'}"
    if to["port"] in ("", "#{port}", "80"):
        return "redirects to the port of plain HTTP"
    return (
        None if to["status_code"] in ("HTTP_301", "HTTP_302") else f"redirects with {to['status_code'] or 'no status'}"
    )
