"""What AWS's actions are: which of them a statement can limit to resources, and which change who may do what."""

import fnmatch
import functools
from collections.abc import Iterator
from dataclasses import dataclass

from policies.data import iam_actions

_LOOKS = ("get", "list", "simulate", "generate")


@dataclass(frozen=True)
class Action:
    """One action of AWS. `is_limited`: a statement can, and so should, name the resources it acts on."""

    service: str
    name: str
    is_limited: bool
    changes_permissions: bool

    def __str__(self) -> str:
        return f"{self.service}:{self.name}"


def matching(pattern: str) -> Iterator[Action]:
    """Every known action that an action element (`s3:Get*`, in any case) means; nothing for one nobody knows."""
    service, colon, name = pattern.lower().partition(":")
    wanted = name if colon else "*"
    for prefix in fnmatch.filter(iam_actions(), service):
        known = _of_service(prefix)
        if "*" in wanted or "?" in wanted:
            yield from (known[key] for key in fnmatch.filter(known, wanted))
        elif wanted in known:
            yield known[wanted]


@functools.cache
def _of_service(prefix: str) -> dict[str, Action]:
    kinds = {kind: names.split() for kind, names in iam_actions()[prefix].items()}
    limited, permissions = set(kinds.get("limited", ())), set(kinds.get("permissions", ()))
    if prefix == "iam":  # AWS calls making an access key or a user "writing"
        permissions |= {name for name in limited if not name.lower().startswith(_LOOKS)}
    names = sorted(limited | set(kinds.get("unlimited", ())))
    return {name.lower(): Action(prefix, name, name in limited, name in permissions) for name in names}
