"""ElastiCache: parameter groups, user groups, the nodes of a replication group, and the end of what can be made."""

import re
from dataclasses import dataclass, field
from typing import Any, TypeVar

from moto.core.common_models import BaseModel
from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache.exceptions import ElastiCacheException, ReplicationGroupNotFound
from moto.elasticache.models import CacheCluster, ElastiCacheBackend, ReplicationGroup
from moto.elasticache.responses import ElastiCacheResponse

_TAGGED = re.compile(
    r"^arn:aws:elasticache:.*:[0-9]*:"
    r"(cluster|parametergroup|snapshot|subnetgroup|replicationgroup|user|usergroup):.*$"
)
# What moto asks of a node that a replication group does not say.
_UNSAID: dict[str, Any] = {
    "az_mode": None,
    "num_cache_nodes": 1,
    "outpost_mode": None,
    "preferred_outpost_arn": None,
    "preferred_outpost_arns": None,
    "preferred_availability_zone": None,
    "preferred_availability_zones": None,
    "cache_node_ids_to_remove": None,
    "cache_node_ids_to_reboot": None,
}
_SAID = (
    *("engine", "engine_version", "cache_node_type", "port", "cache_parameter_group_name", "cache_subnet_group_name"),
    *("cache_security_group_names", "security_group_ids", "transit_encryption_enabled", "auto_minor_version_upgrade"),
    *("snapshot_retention_limit", "snapshot_window", "snapshot_name", "snapshot_arns", "preferred_maintenance_window"),
    *("notification_topic_arn", "auth_token", "log_delivery_configurations", "network_type", "ip_discovery", "tags"),
)


@dataclass
class CacheParameterGroup(BaseModel):
    """A parameter group, and the parameters that were set in it."""

    name: str
    arn: str
    family: str
    description: str
    parameters: dict[str, str] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        """The group as the API writes it."""
        return {
            "CacheParameterGroupName": self.name,
            "CacheParameterGroupFamily": self.family,
            "Description": self.description,
            "IsGlobal": False,
            "ARN": self.arn,
        }


@dataclass
class UserGroup(BaseModel):
    """A user group, by its id, and the ids of its users."""

    name: str
    arn: str
    engine: str
    user_ids: list[str]

    def described(self, status: str = "active") -> dict[str, Any]:
        """The group as the API writes it."""
        return {
            "UserGroupId": self.name,
            "Status": status,
            "Engine": self.engine,
            "UserIds": self.user_ids,
            "MinimumEngineVersion": "6.0",
            "ReplicationGroups": [],
            "ARN": self.arn,
        }


class GroupNotFoundError(ElastiCacheException):
    """The answer for a group that does not exist; `code` is the API's name of it."""

    def __init__(self, code: str, name: str) -> None:
        super().__init__(code, f"{name} was not found.")


# Moto looks the error's shape up in the API that this module belongs to.
GroupNotFoundError.__module__ = ElastiCacheException.__module__

Group = TypeVar("Group", CacheParameterGroup, UserGroup)


def install() -> None:
    """Add what moto answers with 500, and the nodes without which the provider cannot read a replication group."""
    for method in (
        *(create_cache_parameter_group, describe_cache_parameter_groups, delete_cache_parameter_group),
        *(modify_cache_parameter_group, describe_cache_parameters),
        *(create_user_group, describe_user_groups, delete_user_group),
        delete_cache_subnet_group,
    ):
        setattr(ElastiCacheResponse, method.__name__, method)
    _let_groups_be_tagged()
    _make_nodes()
    ElastiCacheBackend.delete_replication_group = _delete_replication_group  # type: ignore[assignment,method-assign]


def create_cache_parameter_group(response: ElastiCacheResponse) -> ActionResult:
    """A group without parameters of its own."""
    name = response._get_param("CacheParameterGroupName")
    group = CacheParameterGroup(
        name,
        _arn(response, "parametergroup", name),
        response._get_param("CacheParameterGroupFamily"),
        response._get_param("Description"),
    )
    _parameter_groups(response)[name] = group
    _tag(response, group.arn)
    return ActionResult({"CacheParameterGroup": group.described()})


def describe_cache_parameter_groups(response: ElastiCacheResponse) -> ActionResult:
    """One group, or all of them."""
    name = response._get_param("CacheParameterGroupName")
    groups = [_parameter_group(response)] if name else list(_parameter_groups(response).values())
    return ActionResult({"CacheParameterGroups": [group.described() for group in groups]})


def modify_cache_parameter_group(response: ElastiCacheResponse) -> ActionResult:
    """Set parameters."""
    group = _parameter_group(response)
    for parameter in response._get_param("ParameterNameValues", []):
        group.parameters[parameter["ParameterName"]] = parameter["ParameterValue"]
    return ActionResult({"CacheParameterGroupName": group.name})


def describe_cache_parameters(response: ElastiCacheResponse) -> ActionResult:
    """The parameters that were set: those of the engine are not known here."""
    parameters = [
        {"ParameterName": name, "ParameterValue": value, "Source": "user", "IsModifiable": True}
        for name, value in _parameter_group(response).parameters.items()
    ]
    return ActionResult({"Parameters": parameters})


def delete_cache_parameter_group(response: ElastiCacheResponse) -> EmptyResult:
    """Delete the group."""
    del _parameter_groups(response)[_parameter_group(response).name]
    return EmptyResult()


def create_user_group(response: ElastiCacheResponse) -> ActionResult:
    """A group that is active at once."""
    name = response._get_param("UserGroupId")
    group = UserGroup(
        name, _arn(response, "usergroup", name), response._get_param("Engine"), response._get_param("UserIds", [])
    )
    _user_groups(response)[name] = group
    _tag(response, group.arn)
    return ActionResult(group.described())


def describe_user_groups(response: ElastiCacheResponse) -> ActionResult:
    """One group, or all of them."""
    name = response._get_param("UserGroupId")
    groups = [_user_group(response)] if name else list(_user_groups(response).values())
    return ActionResult({"UserGroups": [group.described() for group in groups]})


def delete_user_group(response: ElastiCacheResponse) -> ActionResult:
    """Delete the group at once."""
    group = _user_groups(response).pop(_user_group(response).name)
    return ActionResult(group.described(status="deleting"))


def delete_cache_subnet_group(response: ElastiCacheResponse) -> EmptyResult:
    """Delete the group."""
    name = response._get_param("CacheSubnetGroupName")
    (group,) = response.elasticache_backend.describe_cache_subnet_groups(name)
    del response.elasticache_backend.cache_subnet_groups[group.cache_subnet_group_name]
    return EmptyResult()


def _parameter_groups(response: ElastiCacheResponse) -> dict[str, CacheParameterGroup]:
    groups: dict[str, CacheParameterGroup] = vars(response.elasticache_backend).setdefault("cache_parameter_groups", {})
    return groups


def _user_groups(response: ElastiCacheResponse) -> dict[str, UserGroup]:
    groups: dict[str, UserGroup] = vars(response.elasticache_backend).setdefault("user_groups", {})
    return groups


def _parameter_group(response: ElastiCacheResponse) -> CacheParameterGroup:
    name = response._get_param("CacheParameterGroupName")
    return _found(_parameter_groups(response), name, "CacheParameterGroupNotFoundFault")


def _user_group(response: ElastiCacheResponse) -> UserGroup:
    return _found(_user_groups(response), response._get_param("UserGroupId"), "UserGroupNotFoundFault")


def _found(groups: dict[str, Group], name: str, code: str) -> Group:
    if name not in groups:
        raise GroupNotFoundError(code, name)
    return groups[name]


def _arn(response: ElastiCacheResponse, kind: str, name: str) -> str:
    return f"arn:aws:elasticache:{response.region}:{response.current_account}:{kind}:{name}"


def _tag(response: ElastiCacheResponse, arn: str) -> None:
    response.elasticache_backend.add_tags_to_resource(arn, response._get_param("Tags", []))


def _let_groups_be_tagged() -> None:
    made = ElastiCacheBackend.__init__

    def make(backend: ElastiCacheBackend, region_name: str, account_id: str) -> None:
        made(backend, region_name, account_id)
        backend.arn_regex = _TAGGED

    ElastiCacheBackend.__init__ = make  # type: ignore[assignment,method-assign]


def _make_nodes() -> None:
    """Give a replication group as many nodes as were asked for: moto counts one, and makes none."""
    create = ElastiCacheBackend.create_replication_group

    def create_with_nodes(backend: ElastiCacheBackend, **settings: Any) -> ReplicationGroup:
        if settings["num_cache_clusters"] and not settings["num_node_groups"]:
            settings["replicas_per_node_group"] = settings["num_cache_clusters"] - 1
        group = create(backend, **settings)
        for name in group.member_clusters:
            backend.cache_clusters[name] = _node(backend, name, settings)
        return group

    ElastiCacheBackend.create_replication_group = create_with_nodes  # type: ignore[assignment,method-assign]


def _node(backend: ElastiCacheBackend, name: str, settings: dict[str, Any]) -> CacheCluster:
    node = CacheCluster(
        account_id=backend.account_id,
        region_name=backend.region_name,
        cache_cluster_id=name,
        replication_group_id=settings["replication_group_id"],
        **_UNSAID,
        **{setting: settings[setting] for setting in _SAID},
    )
    vars(node).update(
        cache_parameter_group={"CacheParameterGroupName": settings["cache_parameter_group_name"]},
        security_groups=[
            {"SecurityGroupId": group, "Status": "active"} for group in settings["security_group_ids"] or ()
        ],
        at_rest_encryption_enabled=settings["at_rest_encryption_enabled"],
        transit_encryption_mode=settings["transit_encryption_mode"],
    )
    return node


def _delete_replication_group(
    backend: ElastiCacheBackend, replication_group_id: str, retain_primary_cluster: bool | None
) -> ReplicationGroup:
    """Delete the group with its nodes, all at once: moto says for ever that it is deleting."""
    if replication_group_id not in backend.replication_groups:
        raise ReplicationGroupNotFound(replication_group_id)
    group = backend.replication_groups.pop(replication_group_id)
    for name in group.member_clusters:
        del backend.cache_clusters[name]
    group.status = "deleting"
    return group
