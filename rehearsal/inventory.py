"""What moto holds beyond what a fresh account has. Runs inside the process of moto's server.

Moto's own data API remembers deleted objects as well, so it cannot say what is left. This walks the backends instead,
whatever service they are of: there is no list of services to keep, and so none that could be missing from it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.common_models import BaseModel

_NAMES = ("arn", "name", "id")


@dataclass(frozen=True)
class Remains:
    """Objects that stay without being left: AWS keeps them too, or moto does where AWS would not."""

    service: str
    model: str
    reason: str
    applies: Callable[[Any, Any], bool]  # given the object and its backend


REMAINS = (
    Remains(
        "kms",
        "Key",
        "waits out its deletion window, or is one that AWS has for a service as soon as somebody asks for it",
        lambda key, _: (
            key.key_state == "PendingDeletion" or any(alias.startswith("alias/aws/") for alias in key.aliases)
        ),
    ),
    Remains("ec2", "Instance", "shown for an hour", lambda instance, _: instance.state == "terminated"),
    Remains("ec2", "NatGateway", "shown for an hour", lambda gateway, _: gateway.state == "deleted"),
    Remains("ec2", "VPCEndPoint", "shown for a while", lambda endpoint, _: endpoint.state == "deleted"),
    Remains(
        "ec2",
        "NetworkInterface",
        "AWS deletes it with its NAT gateway or instance, moto keeps it even without its subnet",
        lambda interface, ec2: all(interface.subnet.id not in subnets for subnets in ec2.subnets.values()),
    ),
    Remains(
        "ec2",
        "NetworkAcl",
        "AWS deletes the default one with its network, moto keeps it",
        lambda acl, ec2: acl.default and acl.vpc_id not in ec2.vpcs,
    ),
    Remains(
        "rds",
        "DBClusterSnapshot",
        "AWS deletes automated ones with their cluster, moto keeps them",
        lambda snapshot, _: snapshot.snapshot_type == "automated",
    ),
    Remains(
        "route53",
        "DelegationSet",
        "moto makes one for every hosted zone and keeps it without the zone",
        lambda servers, route53: all(zone.delegation_set is not servers for zone in route53.zones.values()),
    ),
    Remains("cloudfront", "CloudFrontPolicy", "AWS provides it", lambda policy, _: policy.managed),
    Remains("ssm", "Parameter", "AWS provides it", lambda parameter, _: parameter.name.startswith("/aws/service/")),
)


def held() -> list[str]:
    """One text for each object, sorted: service, region, where the backend keeps it, its class and its name."""
    return sorted(
        f"{service} {region}: {line}"
        for service, region, backend in _backends()
        for line in _beyond_fresh(service, backend, type(backend)(region, backend.account_id))
    )


def _backends() -> Iterator[tuple[str, str, BaseBackend]]:
    for service in tuple(BackendDict._instances):  # type: ignore[misc]  # generic, as moto itself notes
        for account in tuple(service.values()):
            for region, backend in tuple(account.items()):
                yield service.service_name, region, backend


def _beyond_fresh(service: str, backend: BaseBackend, fresh: BaseBackend) -> Iterator[str]:
    """Objects by place and class, where there are more of them than a fresh backend has."""
    remains = {one.model: one.applies for one in REMAINS if one.service == service}
    usual = Counter((place, type(model).__name__) for place, model in _models(fresh))
    found: dict[tuple[str, str], list[BaseModel]] = {}
    for place, model in _models(backend):
        kind = type(model).__name__
        if kind not in remains or not remains[kind](model, backend):
            found.setdefault((place, kind), []).append(model)
    for (place, kind), models in found.items():
        always = usual[place, kind]
        if len(models) > always:
            note = f" (or another: a fresh account has {always})" if always else ""
            yield from (f"{place} {kind} {_name(model)}{note}" for model in models)


def _models(backend: BaseBackend) -> Iterator[tuple[str, BaseModel]]:
    """Every model that a backend keeps, with the attribute it is kept in; not what models keep inside themselves."""
    seen: set[int] = set()
    for attribute, value in vars(backend).items():
        yield from ((attribute, model) for model in _within(value, seen))


def _within(value: Any, seen: set[int]) -> Iterator[BaseModel]:
    if isinstance(value, BaseBackend) or id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, BaseModel):
        yield value
    elif isinstance(value, Mapping):
        for inner in tuple(value.values()):
            yield from _within(inner, seen)
    elif isinstance(value, list | tuple | set):
        for inner in tuple(value):
            yield from _within(inner, seen)
    elif type(value).__module__.startswith("moto.") and hasattr(value, "__dict__"):  # a store, such as Lambda's
        for inner in tuple(vars(value).values()):
            yield from _within(inner, seen)


def _name(model: BaseModel) -> str:
    return next((str(value) for name in _NAMES if (value := getattr(model, name, None))), "without a name")
