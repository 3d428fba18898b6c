"""What is changed: every mutant of one synthesized stack, and the words for the ways they are made.

Everything is mutated unless `explained.yaml` excludes it with a reason: a new resource type, or a new attribute of one,
is covered the day a stack has it. What an operator makes of a value is decided by the value's shape, and by the small
tables here where a weaker neighbour is known.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.expressions import references
from tests.mutants.required import required

OPERATORS = {
    "drop": "an attribute or block is taken away, so that the provider's default is relied on",
    "drop-one": "one element of a list, or one of several blocks, is taken away",
    "flip": "a switch is turned",
    "weaken": "a value becomes its weaker neighbour",
    "other": "a word becomes another",
    "less": "a number minus one",
    "more": "a number plus one",
    "least": "a number becomes 0",
    "most": "a number becomes a thousand times as large",
    "foreign": "a reference becomes something outside the stack",
    "sibling": "a reference leads to another resource of the same type",
    "unknown": "a value comes from an input nobody knows",
    "wildcard": "a range, port, principal, action or resource becomes all of them",
    "add": "something that opens, hides or exposes is put in",
    "remove": "a whole resource is taken away",
}

# Attribute name -> value -> what is weaker. Under "" whatever the attribute is called.
WEAKER: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "": {
        "Enabled": ("Disabled",),
        "ENABLED": ("DISABLED",),
        "enabled": ("disabled",),
        "HTTPS": ("HTTP",),
        "ON": ("OFF",),
        "required": ("optional",),
        "aws:kms": ("AES256",),
        "breaching": ("notBreaching",),
        "notBreaching": ("ignore",),
        "GreaterThanOrEqualToThreshold": ("LessThanThreshold",),
        "LessThanThreshold": ("GreaterThanOrEqualToThreshold",),
    },
    "authorization_type": {"JWT": ("NONE",)},
    "connection_type": {"VPC_LINK": ("INTERNET",)},
    "cookie_behavior": {"none": ("all",)},
    "destination_type": {"cloudwatch-logs": ("kinesis-firehose",)},
    "desync_mitigation_mode": {"strictest": ("monitor",)},
    "evaluate_target_health": {"true": ("false",)},
    "frame_option": {"DENY": ("SAMEORIGIN",)},
    "health_check_type": {"ELB": ("EC2",)},
    "http_endpoint": {"enabled": ()},  # turned off it is safer
    "instance_class": {"db.r6g.large": ("db.t4g.medium",), "db.serverless": ("db.t4g.medium",)},
    "instance_type": {"t3.large": ("t3.micro",)},
    "ip_protocol": {"tcp": ("-1", "udp")},
    "key_algorithm": {"RSA_2048": ("RSA_1024",)},
    "key_type": {"CUSTOMER_MANAGED_CMK": ("AWS_OWNED_CMK",)},
    "minimum_protocol_version": {"TLSv1.2_2021": ("TLSv1", "TLSv1.1_2016")},
    "object_ownership": {"BucketOwnerEnforced": ("ObjectWriter",)},
    "origin_protocol_policy": {"https-only": ("http-only", "match-viewer")},
    "origin_ssl_protocols": {"TLSv1.2": ("TLSv1", "SSLv3")},
    "permissions": {"0750": ("0777",)},
    "referrer_policy": {"strict-origin-when-cross-origin": ("unsafe-url",), "no-referrer": ("unsafe-url",)},
    "schedule_expression": {"rate(2 minutes)": ("rate(1 day)",), "rate(30 days)": ("rate(400 days)",)},
    "security_policy": {"TLS_1_2": ("TLS_1_0",)},
    "signing_behavior": {"always": ("never", "no-override")},
    "ssl_policy": {
        "ELBSecurityPolicy-TLS13-1-2-Res-2021-06": ("ELBSecurityPolicy-2016-08", "ELBSecurityPolicy-FS-2018-06")
    },
    "traffic_type": {"ALL": ("ACCEPT", "REJECT")},
    "transit_encryption_mode": {"required": ("preferred",)},
    "value": {"1": ("0",), "TLSv1.2,TLSv1.3": ("TLSv1,TLSv1.1,TLSv1.2,TLSv1.3",), "TLSv1.2": ("TLSv1",)},
    "viewer_protocol_policy": {"redirect-to-https": ("allow-all",), "https-only": ("allow-all",)},
    "Effect": {"Allow": ("Deny",), "Deny": ("Allow",)},
}
# A block whose one key says what is done: the rules of a web ACL.
WEAKER_BLOCKS = {"block": "count", "none": "count"}

# Type -> what must never stand in it: written over the body, one at a time.
DANGEROUS: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "aws_default_security_group": (
        {"ingress": [{"from_port": 0, "to_port": 0, "protocol": "-1", "cidr_blocks": ["0.0.0.0/0"]}]},
        {"egress": [{"from_port": 0, "to_port": 0, "protocol": "-1", "cidr_blocks": ["0.0.0.0/0"]}]},
    ),
    "aws_security_group": (
        {"ingress": [{"from_port": 22, "to_port": 22, "protocol": "tcp", "cidr_blocks": ["0.0.0.0/0"]}]},
    ),
    "aws_iam_role": ({"managed_policy_arns": ["arn:aws:iam::aws:policy/AdministratorAccess"]},),
    "aws_lambda_function": ({"environment": {"variables": {"DB_PASSWORD": "Winter-2026-in-clear"}}},),
    "aws_launch_template": (
        {"network_interfaces": [{"associate_public_ip_address": "true"}]},
        {"key_name": "operators"},
    ),
    "aws_rds_cluster": (
        {"master_password": "Winter-2026-in-clear"},
        {"deletion_protection": True},
        {"snapshot_identifier": "arn:aws:rds:us-east-1:999999999999:cluster-snapshot:other"},
    ),
    "aws_rds_cluster_instance": ({"publicly_accessible": True}, {"ca_cert_identifier": "rds-ca-2019"}),
    "aws_s3_bucket": ({"acl": "public-read"}, {"lifecycle": {"prevent_destroy": True}}),
    "aws_secretsmanager_secret_version": ({"secret_string": "Winter-2026-in-clear"},),
    "aws_subnet": ({"assign_ipv6_address_on_creation": True},),
}

FOREIGN_ACCOUNT = "999999999999"
_SOURCES = ("cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id")
_CIDR = re.compile(r"\d+\.\d+\.\d+\.\d+/\d+|[0-9a-f:]+::?/\d+")
_WHOLE_NUMBER = re.compile(r"-?(0|[1-9]\d*)")
_UNKNOWN = "${var.nobody_knows}"


@dataclass(frozen=True)
class Mutant:
    """One change of one block of one stack.

    `address` names the resource or data source, or a provider (`provider.aws[0]`); `path` is the attribute path of
    what was changed, which goes on into a JSON document where one stands in a string. `body` is the changed block,
    None when it is gone.
    """

    stack: str
    address: str
    path: str
    operator: str
    change: str
    body: dict[str, Any] | None

    @property
    def type(self) -> str:
        """The resource type; of a data source with `data.` before it."""
        return self.address.rpartition(".")[0]

    @property
    def attribute(self) -> str:
        """The path without the positions in lists: what an explanation names."""
        return without_positions(self.path)

    @property
    def argument(self) -> str:
        """The outermost attribute that the change is in; empty when the whole block is gone or added to."""
        return re.split(r"[.\[]", self.path)[0]

    def __str__(self) -> str:
        return f"{self.stack}: {self.address}: {self.path or '(the resource)'}: {self.operator}: {self.change}"


@dataclass(frozen=True)
class Change:
    """One changed value below some block: where, by which operator, and what now stands there (GONE: nothing).

    `is_whole` marks a change of several arguments that belong together: then `now` is the whole block.
    """

    path: tuple[str | int, ...]
    operator: str
    was: Any
    now: Any
    is_whole: bool = False


class _Gone:
    def __repr__(self) -> str:
        return "(gone)"


GONE = _Gone()
Siblings = Callable[[str], Iterable[str]]
Excluded = Callable[[str, str], bool]


def mutants(stack: str, content: Mapping[str, Any], excluded: Excluded) -> Iterator[Mutant]:
    """Every mutant of the stack's document, in a fixed order. `excluded` is asked with type and attribute."""
    siblings = _siblings(content)
    needed = _needed(content)
    for address, type_, body in blocks(content):
        if excluded(type_, ""):
            continue
        for change in _of_block(type_, body, siblings):
            path = shown_path(change.path)
            if change.operator == "drop" and without_positions(path) in required().get(type_, ()):
                continue  # Terraform refuses it
            if not excluded(type_, without_positions(path)):
                changed = change.now if change.is_whole else with_change(body, change.path, change.now)
                yield Mutant(stack, address, path, change.operator, _shown(change), changed)
        for extra in DANGEROUS.get(type_, ()):
            if any(body.get(name) != value for name, value in extra.items()):
                yield Mutant(stack, address, next(iter(extra)), "add", json.dumps(extra), {**body, **extra})
        if address not in needed and not address.startswith("provider."):
            yield Mutant(stack, address, "", "remove", "(gone)", None)


def blocks(content: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Address, type and body of every provider, data source and resource."""
    for name, configurations in content.get("provider", {}).items():
        for index, body in enumerate(configurations):
            yield f"provider.{name}[{index}]", "provider", body
    for kind, prefix in (("data", "data."), ("resource", "")):
        for type_, named in content.get(kind, {}).items():
            for name, body in named.items():
                yield f"{prefix}{type_}.{name}", f"{prefix}{type_}", body


def with_block(content: Mapping[str, Any], address: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
    """The document with another body at this address, or without the block."""
    parts = address.split(".")
    if parts[0] == "provider":
        name, index = parts[1].rstrip("]").split("[")
        written = [body if i == int(index) else one for i, one in enumerate(content["provider"][name])]
        return {**content, "provider": {**content["provider"], name: written}}
    kind, type_, name = ("data", *parts[1:]) if parts[0] == "data" else ("resource", *parts)
    named = {key: value for key, value in content[kind][type_].items() if key != name or body is not None}
    if body is not None:
        named[name] = dict(body)
    return {**content, kind: {**content[kind], type_: named}}


def with_change(value: Any, path: tuple[str | int, ...], now: Any) -> Any:
    """A copy of the value with `now` at the path; what is not on the way is shared."""
    if not path:
        return now
    step, rest = path[0], path[1:]
    if isinstance(value, str):  # a JSON document in a string
        return json.dumps(with_change(json.loads(value), path, now))
    if isinstance(value, list) and step == len(value):
        return [*value, now]
    changed = with_change(value[step], rest, now)
    if isinstance(value, dict):
        return {
            key: changed if key == step else one for key, one in value.items() if key != step or changed is not GONE
        }
    return [changed if i == step else one for i, one in enumerate(value) if i != step or changed is not GONE]


def shown_path(path: tuple[str | int, ...]) -> str:
    """`("rule", 0, "status")` -> `rule[0].status`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


def without_positions(path: str) -> str:
    """`rule[0].status` -> `rule.status`."""
    return re.sub(r"\[\d+\]", "", path)


def _shown(change: Change) -> str:
    was, now = (json.dumps(one) if one is not GONE else repr(GONE) for one in (change.was, change.now))
    return f"{was[:100]} -> {now[:100]}"


def _of_block(type_: str, body: Mapping[str, Any], siblings: Siblings) -> Iterator[Change]:
    written = {key: value for key, value in body.items() if key != "//"}
    yield from _of_value((), written, siblings)
    sources = [name for name in _SOURCES if name in written]
    if type_.startswith("aws_vpc_security_group_") and sources:
        if written.get("cidr_ipv4") != "0.0.0.0/0":
            others = {key: one for key, one in body.items() if key not in _SOURCES}
            yield Change((sources[0],), "wildcard", written[sources[0]], {**others, "cidr_ipv4": "0.0.0.0/0"}, True)
        if "from_port" in written:
            others = {key: one for key, one in body.items() if key not in ("from_port", "to_port")}
            yield Change(("ip_protocol",), "wildcard", written["ip_protocol"], {**others, "ip_protocol": "-1"}, True)
            ports = {"from_port": 0, "to_port": 65535}
            yield Change(("from_port",), "wildcard", written["from_port"], {**body, **ports}, True)


def _of_value(path: tuple[str | int, ...], value: Any, siblings: Siblings) -> Iterator[Change]:
    if isinstance(value, dict):
        yield from _of_dict(path, value, siblings)
    elif isinstance(value, list):
        yield from _of_list(path, value, siblings)
    elif isinstance(value, bool):
        yield Change(path, "flip", value, not value)
        yield Change(path, "unknown", value, _UNKNOWN)
    elif isinstance(value, int | float):
        yield from _of_number(path, value)
    elif isinstance(value, str):
        yield from _of_string(path, value, siblings)


def _of_dict(path: tuple[str | int, ...], value: Mapping[str, Any], siblings: Siblings) -> Iterator[Change]:
    for key, inner in value.items():
        yield Change((*path, key), "drop", inner, GONE)
        yield from _of_value((*path, key), inner, siblings)
    if len(value) == 1 and (name := next(iter(value))) in WEAKER_BLOCKS and value[name] == {}:
        yield Change(path, "weaken", value, {WEAKER_BLOCKS[name]: {}})
    if path and path[-1] == "default_action" and value in ({"allow": {}}, {"block": {}}):
        yield Change(path, "flip", value, {"block": {}} if "allow" in value else {"allow": {}})


def _of_list(path: tuple[str | int, ...], value: list[Any], siblings: Siblings) -> Iterator[Change]:
    name = str(path[-1]) if path else ""
    taken = {r.subject for element in value if isinstance(element, str) for r in references(element)}
    for index, element in enumerate(value):
        if len(value) > 1:
            yield Change((*path, index), "drop-one", element, GONE)
        yield from _of_value((*path, index), element, lambda one: (a for a in siblings(one) if a not in taken))
    end = (*path, len(value))
    if name in ("Action", "NotAction", "Resource"):
        yield Change(end, "wildcard", value, "*")
    elif name == "Statement":
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        anyone = {"Principal": "*"} if any("Principal" in one for one in value if isinstance(one, dict)) else {}
        yield Change(end, "wildcard", value[-1], {**everything, **anyone})
    elif value and all(isinstance(element, str) and _CIDR.fullmatch(element) for element in value):
        yield Change(end, "wildcard", value, "0.0.0.0/0")
    elif value and isinstance(value[0], str):
        for reference in references(value[0])[:1]:
            for other in [a for a in siblings(reference.subject) if a not in taken][:1]:
                yield Change(end, "add", value, value[0].replace(reference.subject, other))


def _of_number(path: tuple[str | int, ...], value: float) -> Iterator[Change]:
    yield Change(path, "less", value, value - 1)
    yield Change(path, "more", value, value + 1)
    if value != 0:
        yield Change(path, "least", value, 0)
    yield Change(path, "most", value, (value or 1) * 1000)
    yield Change(path, "unknown", value, _UNKNOWN)


def _of_string(path: tuple[str | int, ...], value: str, siblings: Siblings) -> Iterator[Change]:
    name = next((str(step) for step in reversed(path) if isinstance(step, str)), "")
    found = references(value)
    if value.startswith(("{", "[")) and (document := _json(value)) is not None:
        yield Change(path, "unknown", value, _UNKNOWN)
        yield from _of_value(path, document, siblings)
        return
    yield Change(path, "unknown", value, _UNKNOWN)
    if _CIDR.fullmatch(value):
        yield Change(path, "wildcard", value, "::/0" if ":" in value else "0.0.0.0/0")
        yield Change(path, "other", value, "198.51.100.0/24")
        return
    if name in ("Action", "Resource", "AWS", "principal", "source_arn") and value != "*":
        yield Change(path, "wildcard", value, "*")
        if name == "Action" and ":" in value and not value.endswith(":*"):
            yield Change(path, "wildcard", value, value.partition(":")[0] + ":*")
    if found:
        for reference in dict.fromkeys(found):
            yield Change(path, "foreign", value, _foreign(value, str(reference), reference.path))
            for other in siblings(reference.subject):
                yield Change(path, "sibling", value, value.replace(str(reference), _elsewhere(reference, other), 1))
        return
    if _WHOLE_NUMBER.fullmatch(value):
        for change in _of_number(path, int(value)):
            if change.operator != "unknown":
                yield Change(path, change.operator, value, str(change.now))
    weaker = {**WEAKER[""], **WEAKER.get(name, {})}.get(value)
    for one in weaker or ():
        yield Change(path, "weaken", value, one)
    if weaker is None and not _WHOLE_NUMBER.fullmatch(value):
        yield Change(
            path, "other", value, "{ $.nothing = 1 }" if name in ("pattern", "filter_pattern") else _other(value)
        )


def _other(value: str) -> str:
    """Another word of the same kind; in a list of words the last one is another."""
    if value.startswith("arn:") or value.endswith(".amazonaws.com"):
        return value.replace("arn:aws:", "arn:aws:other-") if value.startswith("arn:") else f"other.{value}"
    return f"{value}-other" if value else "other"


def _elsewhere(reference: Any, address: str) -> str:
    return str(type(reference)(address, reference.path))


def _foreign(value: str, reference: str, path: tuple[Any, ...]) -> str:
    """The string with the interpolation of this reference replaced by a name of something outside the stack."""
    last = str(path[-1]) if path else ""
    type_ = reference.removeprefix("data.").partition(".")[0]
    service = {"cloudwatch": "logs", "kinesis": "firehose"}.get(type_.split("_")[1], type_.split("_")[1])
    if last == "account_id":
        outside = FOREIGN_ACCOUNT
    elif last.endswith("arn") and service == "s3":
        outside = "arn:aws:s3:::elsewhere"
    elif last.endswith("arn"):
        outside = f"arn:aws:{service}:us-east-1:{FOREIGN_ACCOUNT}:elsewhere"
    else:
        outside = "elsewhere"
    whole = re.compile(r"\$\{[^{}]*" + re.escape(reference) + r"[^{}]*\}")
    return whole.sub(outside, value, count=1)


def _json(text: str) -> Any:
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return document if isinstance(document, dict | list) else None


def _siblings(content: Mapping[str, Any]) -> Siblings:
    """For an address the next and the last other resource of its type: most often one beside it, and a stranger."""
    by_type: dict[str, list[str]] = {}
    for address, type_, _ in blocks(content):
        by_type.setdefault(type_, []).append(address)

    def others(address: str) -> Iterator[str]:
        address = address.partition("[")[0]
        known = by_type.get(address.rpartition(".")[0], [])
        if address in known:
            at = known.index(address)
            rest = known[at + 1 :] + known[:at]
            yield from dict.fromkeys([*rest[:1], *rest[-1:]])

    return others


def _needed(content: Mapping[str, Any]) -> set[str]:
    """What something refers to: Terraform refuses a stack without it. An order alone needs nothing."""
    found: set[str] = set()

    def look(value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                if key not in ("//", "depends_on"):
                    look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)
        elif isinstance(value, str):
            found.update(reference.subject.partition("[")[0] for reference in references(value))

    look({key: content.get(key, {}) for key in ("data", "resource", "output", "provider")})
    return found
