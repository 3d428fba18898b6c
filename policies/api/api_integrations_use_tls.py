"""Policy api-integrations-use-tls."""

from collections.abc import Iterator

from policies.api.apis import INTEGRATION, REST_INTEGRATION
from policies.api.backends import beginning, by_vpc_link, calls_http, uri_of
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="api-integrations-use-tls",
    title="An API calls its servers over TLS, and verifies who answers",
    remediation="Use https:// in the URI; behind a VPC link of an HTTP API set tls_config.server_name_to_verify; leave "
    "insecure_skip_verification out.",
    severity="high",
    applies_to=(INTEGRATION, REST_INTEGRATION),
)
def judge(integration: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Callers see the padlock of the API and believe that it holds all the way. Behind a VPC link, API Gateway speaks
    plain HTTP until it is told whose certificate to expect."""
    uri, server = uri_of(integration), integration.attribute("tls_config.server_name_to_verify")
    unverified = integration.attribute("tls_config.insecure_skip_verification")
    url = beginning(uri).lower()
    if not calls_http(integration):
        yield integration.passes("it calls a function or a service of AWS")
    elif unverified.is_true:
        yield unverified.fails("whoever answers is believed")
    elif url.startswith("https://"):
        yield uri.passes("it calls its server over TLS")
    elif url.startswith("http://"):
        yield uri.fails("it calls its server in clear text")
    elif not by_vpc_link(integration) or integration.type == REST_INTEGRATION:
        yield uri.undetermined("whether this is a URL with TLS is not known here")
    elif not server.is_missing and server.is_given:
        yield server.passes("it calls its server over TLS, by name")
    else:
        yield server.fails("it names no certificate to expect, so it calls its server in clear text")
