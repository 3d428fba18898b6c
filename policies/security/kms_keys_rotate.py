"""Policy kms-keys-rotate."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

DEFAULT_PERIOD_DAYS = 365


@policy(
    id="kms-keys-rotate",
    title="KMS keys rotate by themselves",
    remediation="Set enable_key_rotation = true, and leave rotation_period_in_days at 365 or less.",
    severity="medium",
    applies_to=("aws_kms_key", "aws_kms_external_key"),
)
def judge(key: Resource, graph: ResourceGraph, *, days: int = DEFAULT_PERIOD_DAYS) -> Iterator[Finding]:
    """The longer a key is used, the more data is lost with it. AWS keeps the old material for what it has encrypted,
    so a rotation costs nothing; but it is off until somebody switches it on."""
    if key.type == "aws_kms_external_key":
        yield key.undetermined("its material is imported, so AWS does not rotate it; whether anybody does is not shown")
        return
    kind = key.attribute("customer_master_key_spec")
    store = key.attribute("custom_key_store_id")
    if kind.text not in ("", "SYMMETRIC_DEFAULT") or store.text:
        yield key.not_applicable("AWS rotates no asymmetric keys, and none in a key store of the customer")
        return
    rotation, period = key.attribute("enable_key_rotation"), key.attribute("rotation_period_in_days")
    if not rotation.is_true:
        yield rotation.fails("rotation is not switched on" if rotation.is_missing else "rotation is switched off")
    elif (period.number or DEFAULT_PERIOD_DAYS) > days:
        yield period.fails(f"it rotates every {period.text or DEFAULT_PERIOD_DAYS} days, less often than every {days}")
    else:
        yield rotation.passes(f"it rotates every {period.text or DEFAULT_PERIOD_DAYS} days")
