"""Policy keys-are-separate."""

import re
from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Resource, Undetermined, Unresolved

_KEYS = ("aws_kms_key", "aws_kms_replica_key", "aws_kms_external_key", "aws_kms_replica_external_key")
_ALIAS = "aws_kms_alias"
_IS_ALIAS = re.compile(r"(^|:)alias/")
# Kinds of data, with the types that keep them and the attribute that names their key.
_KINDS = {
    "database": {
        "aws_rds_cluster": "kms_key_id",
        "aws_db_instance": "kms_key_id",
        "aws_docdb_cluster": "kms_key_id",
        "aws_neptune_cluster": "kms_key_arn",
        "aws_dynamodb_table": "server_side_encryption.kms_key_arn",
    },
    "cache": {
        "aws_elasticache_replication_group": "kms_key_id",
        "aws_elasticache_serverless_cache": "kms_key_id",
        "aws_memorydb_cluster": "kms_key_arn",
    },
    "files": {
        "aws_efs_file_system": "kms_key_id",
        "aws_fsx_lustre_file_system": "kms_key_id",
        "aws_fsx_ontap_file_system": "kms_key_id",
        "aws_fsx_openzfs_file_system": "kms_key_id",
        "aws_fsx_windows_file_system": "kms_key_id",
    },
    "secrets": {"aws_secretsmanager_secret": "kms_key_id"},
    "logs": {"aws_cloudwatch_log_group": "kms_key_id"},
    "messages": {"aws_sns_topic": "kms_master_key_id", "aws_sqs_queue": "kms_master_key_id"},
}
_KIND_OF = {type_: kind for kind, types in _KINDS.items() for type_ in types}


@policy(
    id="keys-are-separate",
    title="Data of different kinds are encrypted with keys of their own",
    remediation="Make one KMS key for each kind of data, and name it where they are kept.",
    severity="medium",
    applies_to=tuple(_KIND_OF),
)
def judge(store: Resource, graph: ResourceGraph, *, kinds: tuple[str, ...]) -> Iterator[Finding]:
    """Whoever may use a key reads everything it encrypts. One key for all makes each grant a grant for all, and when
    it has to be given up, all is lost at once. `kinds` are those that may share none: database, cache, files, ..."""
    unknown = [kind for kind in kinds if kind not in _KINDS]
    if unknown:
        raise Undetermined(store.undetermined(f"the specification names no kind of data: {', '.join(unknown)}"))
    kind = _KIND_OF[store.type]
    if kind not in kinds:
        yield store.not_applicable("its kind of data may share a key")
        return
    named = store.attribute(_KINDS[kind][store.type])
    if not named.is_unresolved and not named.text:
        yield named.fails("no key is named, so it shares the one that AWS keeps for everything of its kind")
        return
    others = [one for other in kinds if other != kind for one in graph.of_type(*_KINDS[other])]
    for other in others:
        theirs = other.attribute(_KINDS[_KIND_OF[other.type]][other.type])
        same = _is_same(named, theirs, graph)
        if same is None:
            yield named.undetermined(f"whether {other.address} has the same key is not known here")
        elif same:
            yield named.fails(f"{other.address} has the same key")
    yield named.passes("data of other kinds have keys of their own")


def _is_same(one: Attribute, other: Attribute, graph: ResourceGraph) -> bool | None:
    keys = [_declared(named, graph) for named in (one, other)]
    if all(keys):
        return bool(keys[0] & keys[1])
    values = [named.raw_value for named in (one, other)]
    texts = [value.text if isinstance(value, Unresolved) else value for value in values]
    names = [str(text).rpartition(":key/")[2].rpartition(":alias/")[2] for text in texts]
    if names[0].removeprefix("alias/") == names[1].removeprefix("alias/"):
        return True
    if sum(_IS_ALIAS.search(str(text)) is not None for text in texts) == 1 and not any(keys):
        return None  # an alias may stand for any key
    from_outside = [isinstance(value, Unresolved) and not key for value, key in zip(values, keys, strict=True)]
    return None if any(from_outside) else False


def _declared(named: Attribute, graph: ResourceGraph) -> set[str]:
    """The addresses of the keys of this stack that are meant, also by an alias; a replica is the key it is made of."""
    found = graph.targets(named, *_KEYS, _ALIAS)
    keys = {
        key
        for one in found
        for key in (graph.targets(one.attribute("target_key_id"), *_KEYS) if one.type == _ALIAS else (one,))
    }
    return {one.address for key in keys for one in graph.targets(_primary(key), *_KEYS) or (key,)}


def _primary(key: Resource) -> Attribute:
    """What names the key of another region that this one is a replica of; missing for all others."""
    return key.attribute("primary_key_arn")
