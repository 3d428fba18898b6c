"""How a deployment can end before its time; each error knows the exit code it leads to.

A message is one line: what is wrong, and where.
"""

FAILED, NOT_DEPLOYED = 1, 3


class DeploymentError(Exception):
    """The deployment stops. `exit_code` is the run's."""

    exit_code = FAILED


class NotDeployedError(DeploymentError):
    """Bad input, a missing tool, or something that differs from what was judged: nothing was changed."""

    exit_code = NOT_DEPLOYED


class GateError(DeploymentError):
    """The gate did not let it pass: 1, a policy failed; 2, one could not be decided. Nothing was changed."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class TerraformError(DeploymentError):
    """Terraform ended with `errors`, one line each; `log` holds all it printed.

    Nothing was changed unless `begun`: then some resources are done and others are not, and the state says which.
    """

    def __init__(self, command: str, errors: list[str], log: str, *, begun: bool) -> None:
        more = f" and {len(errors) - 1} more" if len(errors) > 1 else ""
        after = "; what was done by then stays and stands in the state" if begun else ""
        super().__init__(f"terraform {command}: {errors[0]}{more} ({log}){after}")
        self.command = command
        self.errors = errors
        self.log = log
        self.exit_code = FAILED if begun else NOT_DEPLOYED
