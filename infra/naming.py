"""Names: `financial-{resource}-{suffix}`, inside the limit AWS sets for the kind of resource."""

import hashlib
import re
from dataclasses import dataclass

from infra.errors import InputError

SUFFIX_PATTERN = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
SUFFIX_MAX_CHARACTERS = 20

# Limits in characters, where they are narrower than any name we make could be in practice.
LOAD_BALANCER_LIMIT = 32
BUCKET_LIMIT = 63
DB_IDENTIFIER_LIMIT = 63
CACHE_LIMIT = 40  # of a replication group, its users and their groups
IAM_ROLE_LIMIT = 64
FUNCTION_LIMIT = 64

_DIGEST_CHARACTERS = 6


@dataclass(frozen=True)
class Naming:
    """Gives every resource of one environment its name.

    `scope` tells resources apart that would otherwise share a name: those of two systems, or of two regions. It becomes
    part of each name, in front of the resource.
    """

    suffix: str
    scope: str = ""

    def __post_init__(self) -> None:
        if len(self.suffix) > SUFFIX_MAX_CHARACTERS or not SUFFIX_PATTERN.fullmatch(self.suffix):
            raise InputError(
                f"ENVIRONMENT_SUFFIX is {self.suffix!r}: it must start with a lower-case letter, hold only lower-case "
                f"letters, digits and single hyphens between them, and have 1 to {SUFFIX_MAX_CHARACTERS} characters"
            )

    def __call__(self, resource: str, *, limit: int | None = None) -> str:
        """Return the name of `resource`, at most `limit` characters long.

        A name that is too long is cut, and ends with a digest of the whole name instead of the suffix, so that
        two names stay as different as they were.
        """
        name = "-".join(part for part in ("financial", self.scope, resource, self.suffix) if part)
        if limit is None or len(name) <= limit:
            return name
        digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST_CHARACTERS]
        return f"{name[: limit - len(digest) - 1].rstrip('-')}-{digest}"

    def tag(self, resource: str) -> dict[str, str]:
        """Return the Name tag of a resource that AWS gives no name of its own."""
        return {"Name": self(resource)}
