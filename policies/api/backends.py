"""What an integration of an API calls, and over which way."""

from urllib.parse import urlsplit

from policies.api.apis import INTEGRATION
from policies.resources import Attribute, Resource, Unresolved

_HTTP = ("HTTP", "HTTP_PROXY")
_VPC_LINK = "VPC_LINK"


def calls_http(integration: Resource) -> bool:
    """Whether it calls a server by HTTP, rather than a function or service of AWS."""
    path = "integration_type" if integration.type == INTEGRATION else "type"
    return integration.attribute(path).text in _HTTP


def by_vpc_link(integration: Resource) -> bool:
    """Whether it goes through a VPC link; without a word about it, it goes over the Internet."""
    return integration.attribute("connection_type").text == _VPC_LINK


def uri_of(integration: Resource) -> Attribute:
    """What it calls: a URL, or, behind a VPC link of an HTTP API, the ARN of a listener or service."""
    return integration.attribute("integration_uri" if integration.type == INTEGRATION else "uri")


def beginning(uri: Attribute) -> str:
    """The part of the URL that is known, up to the first expression in it."""
    value = uri.raw_value
    return value.literal if isinstance(value, Unresolved) else uri.text


def host_of(uri: Attribute) -> str:
    """The host of the URL. Raises Undetermined when it is not known."""
    try:
        return urlsplit(uri.text).hostname or uri.text
    except ValueError:
        return uri.text
