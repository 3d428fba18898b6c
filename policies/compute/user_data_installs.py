"""Policy user-data-installs."""

import re
from collections.abc import Iterator

from policies.compute import user_data
from policies.compute.launch import INSTANCES, LAUNCHING, setting
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

_INSTALL = re.compile(r"\b(?:dnf|microdnf|yum|apt|apt-get|zypper)\b[^\n;&|]{0,256}?\sinstall\b(?P<rest>[^\n;&|]*)")
_CLOUD_CONFIG = re.compile(r"^packages:[ \t]*\n(?P<rest>(?:[ \t]*-[^\n]*\n?)+)", re.MULTILINE)
_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\n]*", re.MULTILINE)


@policy(
    id="user-data-installs",
    title="The script that instances run when they start installs the packages their application needs",
    remediation="Install every package in user_data, by the package manager or in the packages of a cloud-config.",
    severity="medium",
    applies_to=LAUNCHING,
)
def judge(resource: Resource, graph: ResourceGraph, *, packages: tuple[str, ...]) -> Iterator[Finding]:
    """An image without the application's packages starts instances that never become healthy: the group replaces them
    one after another, and the portal is down while it looks busy."""
    written = list(user_data.attributes(resource))
    if not written and resource.type in INSTANCES:
        written = [one for one in setting(resource, graph, "user_data") if not one.is_missing]
    if not written:
        yield resource.attribute("user_data").fails("there is no script that would install anything")
    for attribute in written:
        installed = _installed(user_data.script(attribute, graph))
        missing = [package for package in packages if package not in installed]
        if missing:
            yield Finding("fail", attribute.path, None, f"the script does not install {', '.join(missing)}")
        else:
            yield Finding("pass", attribute.path, None, f"the script installs {', '.join(packages)}")


def _installed(script: str) -> set[str]:
    """The words after every `install` of a package manager, and the entries of a cloud-config's package list."""
    code = _COMMENT.sub("", script).replace("\\\n", " ")
    words = {word for found in _INSTALL.finditer(code) for word in found["rest"].split()}
    listed = {line.strip(" \t-'\"") for found in _CLOUD_CONFIG.finditer(code) for line in found["rest"].splitlines()}
    return words | listed
