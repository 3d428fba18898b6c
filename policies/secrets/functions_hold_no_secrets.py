"""Policy functions-hold-no-secrets."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource, sensitive_at
from policies.secrets.credentials import credentials_under, secret_references, text_of


@policy(
    id="functions-hold-no-secrets",
    title="The environment of a function holds no credential",
    remediation="Give the function the ARN of a secret, and let it ask Secrets Manager with its own role.",
    severity="critical",
    applies_to=("aws_lambda_function",),
)
def judge(function: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Everybody who may look at a function's configuration reads its environment, and Terraform's state and each
    published version keep it. A secret in it cannot rotate without a deployment."""
    variables = function.attribute("environment.variables")
    if not variables.value:
        yield variables.passes("the function has no environment")
        return
    if not isinstance(variables.value, dict):
        yield variables.undetermined("not a map of variables")
        return
    if sensitive_at(variables):
        yield Finding("fail", variables.path, None, "Terraform marks a variable as sensitive: it is a secret")
    found = [
        *secret_references(variables),
        *(
            credential
            for name, value in variables.value.items()
            for credential in credentials_under(name, text_of(variables, value))
        ),
    ]
    if found:
        yield Finding("fail", variables.path, None, f"the environment holds {', '.join(dict.fromkeys(found))}")
    else:
        names = ", ".join(sorted(variables.value))
        yield Finding("pass", variables.path, None, f"none of these looks like a credential: {names}")
