"""Policy secret-values-stay-out-of-state."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource
from policies.secrets.written_values import judge_plain, judge_written

_WRITTEN = {
    "aws_secretsmanager_secret_version": ("secret_string", "secret_binary"),
    "aws_ssm_parameter": ("value", "insecure_value"),
}
_READ_SECRETS = ("data.aws_secretsmanager_secret_version", "data.aws_kms_secrets")
_READ = (*_READ_SECRETS, "data.aws_ssm_parameter")


@policy(
    id="secret-values-stay-out-of-state",
    title="Terraform neither writes nor reads the value of a secret",
    remediation="Let the rotation create the password, or use the write-only argument (secret_string_wo, value_wo), "
    "and read secrets where they are used.",
    severity="critical",
    applies_to=(*_WRITTEN, *_READ),
)
def judge(resource: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Terraform keeps every value that passes through it in its state, in the clear: whoever reads the state, a copy
    of it or a plan has the password, and rotation does not reach the copies."""
    if resource.type in _READ_SECRETS:
        yield resource.fails("Terraform reads the value of a secret into its state")
    elif resource.type == "data.aws_ssm_parameter":
        type_ = resource.attribute("type")
        if type_.text == "SecureString":
            yield resource.fails("Terraform reads the value of a secure parameter into its state")
        else:
            yield resource.not_applicable("not known to be a secure parameter")
    else:
        written = [resource.attribute(path) for path in _WRITTEN[resource.type]]
        given = [one for one in written if one.is_unresolved or one.text]
        if resource.type == "aws_ssm_parameter" and resource.attribute("type").text != "SecureString":
            yield from (judge_plain(resource.attribute("name"), value) for value in given)
            return
        for value in given:
            yield judge_written(value, is_whole_secret=resource.type == "aws_ssm_parameter")
        if not given:
            yield resource.passes("Terraform writes no value, or by a write-only argument")
