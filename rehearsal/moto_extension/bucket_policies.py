"""Bucket policies: a statement whose condition does not hold does not apply."""

from typing import Any

from moto.iam.access_control import IAMPolicyStatement, PermissionResult


def install() -> None:
    """Make such a statement neutral: moto denies, even when the statement itself is an allowance.

    Moto gives its bucket policies no request values to compare with, so every conditional statement falls under this:
    a policy that denies requests without TLS would otherwise lock everybody out of the bucket.
    """
    judged = IAMPolicyStatement.is_action_permitted

    def is_action_permitted(
        statement: IAMPolicyStatement,
        action: str,
        resource: str = "*",
        principal: str | None = None,
        incoming_condition_values: dict[str, str] | None = None,
    ) -> Any:
        if incoming_condition_values is None and statement._statement.get("Condition"):
            return PermissionResult.NEUTRAL
        return judged(statement, action, resource, principal, incoming_condition_values)

    IAMPolicyStatement.is_action_permitted = is_action_permitted  # type: ignore[assignment,method-assign]
