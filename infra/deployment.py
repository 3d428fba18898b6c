"""Where a stack is deployed: the few facts that nearly every construct needs."""

from dataclasses import dataclass

from infra.naming import Naming
from infra.profiles import Profile


@dataclass(frozen=True)
class Deployment:
    """One environment in one region of one account.

    `global_names` are for what an account has once and not once per region, such as roles and dashboards, and for
    buckets, whose names the whole world shares.
    """

    names: Naming
    global_names: Naming
    region: str
    account_id: str
    profile: Profile

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource in this account and region that must be known before it exists."""
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{resource}"
