"""API Gateway v2: what AWS says of a domain name."""

from typing import Any

from moto.apigatewayv2.models import DomainName
from moto.moto_api._internal import mock_random

# Of API Gateway's regional domain names. Source: "API Gateway endpoints" in AWS's general reference; any other region's
# is as good here, since no name is resolved.
HOSTED_ZONE = "Z2OJLYMUO9EFXC"


def install() -> None:
    """Say of a new domain name that it is available, and where it points: the provider waits for the one, and our
    stacks make a DNS record of the other. And say nothing of mutual TLS where none was asked for."""
    make, describe = DomainName.__init__, DomainName.to_json

    def __init__(  # noqa: N807
        self: DomainName, domain_name: str, domain_name_configurations: list[dict[str, str]], *more: Any, **named: Any
    ) -> None:
        target = f"d-{mock_random.get_random_hex(10)}.execute-api.{named['backend'].region_name}.amazonaws.com"
        added = {"domainNameStatus": "AVAILABLE", "apiGatewayDomainName": target, "hostedZoneId": HOSTED_ZONE}
        configurations = [{**one, **added} for one in domain_name_configurations]
        make(self, domain_name, configurations, *more, **named)

    def to_json(self: DomainName) -> dict[str, Any]:
        return {name: value for name, value in describe(self).items() if name != "mutualTlsAuthentication" or value}

    DomainName.__init__ = __init__  # type: ignore[method-assign]
    DomainName.to_json = to_json  # type: ignore[method-assign]
