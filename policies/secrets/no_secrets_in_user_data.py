"""Policy no-secrets-in-user-data."""

from collections.abc import Iterator

from policies.compute import user_data
from policies.compute.launch import LAUNCHING
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource, sensitive_at
from policies.secrets.credentials import credentials_in, secret_references


@policy(
    id="no-secrets-in-user-data",
    title="The script that instances run when they start holds no credential",
    remediation="Give the script the ARN of a secret, and let it ask Secrets Manager with the role of the instance.",
    severity="critical",
    applies_to=LAUNCHING,
)
def judge(resource: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """User data can be read by every process of the instance through its metadata, and by everybody who may describe
    instances or templates. It is kept in Terraform's state and in each version of the template, in the clear."""
    written = user_data.attributes(resource)
    if not written:
        yield resource.attribute("user_data").passes("there is no script")
    for attribute in written:
        if not attribute.is_unresolved and sensitive_at(attribute):
            yield Finding("fail", attribute.path, None, "Terraform marks the script as sensitive: a secret is in it")
            continue
        found = [*secret_references(attribute), *credentials_in(user_data.script(attribute, graph))]
        if found:
            yield Finding("fail", attribute.path, None, f"the script holds {', '.join(dict.fromkeys(found))}")
        else:
            yield Finding("pass", attribute.path, None, "nothing in the script looks like a credential")
