"""Who manages a KMS key: the customer, or AWS."""

import re

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.resources import Attribute, Resource, Undetermined, Unresolved

_DECLARED = (
    "aws_kms_key",
    "aws_kms_replica_key",
    "aws_kms_external_key",
    "aws_kms_replica_external_key",
    "aws_kms_alias",
)
_LOOKED_UP = ("data.aws_kms_key", "data.aws_kms_alias")
_HANDED_OVER = ("var.", "data.terraform_remote_state.", "data.aws_ssm_parameter.")
_GIVEN = re.compile(r"arn:[\w-]+:kms:|alias/|mrk-[0-9a-f]{32}$|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


def customer_managed(key: Attribute, graph: ResourceGraph) -> Finding:
    """Whether the key at this attribute is the customer's own.

    A key declared here, looked up, or given from outside (an input, a literal) counts; the alias `alias/aws/...` is
    AWS's however it is reached. In a state, a bare ARN says nothing about who manages the key.
    """
    if key.is_missing:
        return key.fails("no key is named, so AWS uses a key of its own, or none")
    known = "" if key.is_unresolved else key.text
    if "alias/aws/" in known:
        return key.fails(f"{known} is a key that AWS manages")
    for found in graph.targets(key, *_DECLARED, *_LOOKED_UP):
        if _aws_manages(found, graph):
            return key.fails(f"{found.address} looks up a key that AWS manages")
        return key.passes(f"encrypted with the key {found.address}")
    if isinstance(key.raw_value, Unresolved):
        return _from_outside(key, key.raw_value)
    if not _GIVEN.match(known):
        return key.fails(f"{known} is not a KMS key of the customer")
    if not key.resource.scope.has_configuration and not known.startswith("alias/"):
        return key.undetermined("the key is not part of this state, so who manages it is not known")
    return key.passes("encrypted with a key given from outside")


def _aws_manages(key: Resource, graph: ResourceGraph) -> bool:
    """Whether a look-up finds a key of AWS: by its alias, by what the state says, or through another look-up."""
    if key.type not in _LOOKED_UP:
        return False
    names = [key.attribute(path) for path in ("name", "key_id")]
    if any("alias/aws/" in name.text for name in names if not name.is_unresolved):
        return True
    for name in names:
        known = name.raw_value
        if isinstance(known, Unresolved) and not known.is_reference and not known.literal:
            raise Undetermined(name.undetermined(f"which key {key.address} looks up is not known here"))
    manager = key.attribute("key_manager")
    if not manager.is_unresolved and manager.value == "AWS":
        return True
    return any(
        _aws_manages(other, graph) for name in names for other in graph.targets(name, *_LOOKED_UP) if other is not key
    )


def _from_outside(key: Attribute, value: Unresolved) -> Finding:
    """An input variable, or a data source made to hand values over, gives what somebody else chose to be the key."""
    if "alias/aws/" in value.literal or "alias/aws/" in value.text:
        return key.fails(f"{value.text} may be a key that AWS manages")
    if value.literal.startswith("arn:") and ":kms:" in value.literal and ":key/" in value.literal:
        return key.passes("encrypted with a key given from outside")
    if value.is_reference and not value.literal and value.references[0].startswith(_HANDED_OVER):
        return key.passes(f"encrypted with the key that {value.references[0]} hands over")
    return key.undetermined(f"which key this is cannot be known here: {value.text}")
