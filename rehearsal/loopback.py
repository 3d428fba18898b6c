"""Nothing that is rehearsed leaves this machine: the environment Terraform gets, and what a stack may not contain.

A rehearsal that reached a real account would destroy what it finds there. So Terraform gets an environment made from
nothing but the lists below, and a stack is refused when something in it could lead elsewhere all the same.
"""

import os
import re
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from deployment.synthesis import DOCUMENT
from rehearsal.errors import NotRehearsedError
from rehearsal.moto_server import HOST

# What a program needs of its surroundings to run at all.
_SURROUNDINGS = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "PYTHONDONTWRITEBYTECODE")
# What finding Node.js, and its warnings, hang on: for the synthesis.
_NODE = ("JSII_NODE", "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION")
# What installing a provider may need besides; the AWS provider takes its proxies from here too, so only `init` sees it.
_INSTALLATION = (
    *("TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
)
NO_FILES = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}

FAKE_KEY = "testing"  # opens nothing anywhere; moto takes any

_CONFIGURATION = re.compile(r"\.(tf|tofu|tfvars)(\.json)?$")
_PROVIDER_ARGUMENTS = frozenset({"alias", "default_tags", "ignore_tags", "region"})
_PROVIDER_SOURCES = frozenset({"aws", "hashicorp/aws", "registry.terraform.io/hashicorp/aws"})


def forget_accounts(environment: MutableMapping[str, str]) -> None:
    """Take every account out of `environment`, for our own calls: a profile in it would rule them too."""
    for name in [name for name in environment if name.startswith("AWS_")]:
        del environment[name]
    environment.update(NO_FILES)


def synthesis_environment(surroundings: Mapping[str, str], suffix: str) -> dict[str, str]:
    """For `python -m infra.main`: our own variables alone, so that every rehearsal is of the same stacks."""
    return {**_taken(surroundings, *_SURROUNDINGS, *_NODE), "ENVIRONMENT_SUFFIX": suffix}


def installation_environment(surroundings: Mapping[str, str]) -> dict[str, str]:
    """For `terraform init`, which may have to fetch the provider and calls no AWS service."""
    return _taken(surroundings, *_SURROUNDINGS, *_INSTALLATION)


def rehearsal_environment(surroundings: Mapping[str, str], port: int) -> dict[str, str]:
    """For every other command: all of AWS is the server on `port`, and so is the way to any other host."""
    server = f"http://{HOST}:{port}"
    return {
        **_taken(surroundings, *_SURROUNDINGS, "TF_CLI_CONFIG_FILE"),
        **_aws(server),
        "HTTP_PROXY": server,
        "HTTPS_PROXY": server,
        "NO_PROXY": HOST,
    }


def _aws(server: str) -> dict[str, str]:
    """Every AWS_ variable that Terraform gets: one endpoint, keys that open nothing, and no file to read more from."""
    return {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": FAKE_KEY,
        "AWS_SECRET_ACCESS_KEY": FAKE_KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
        **NO_FILES,
    }


def _taken(surroundings: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: surroundings[name] for name in names if name in surroundings}


def check_environment(environment: Mapping[str, str], port: int) -> None:
    """Refuse an environment that leads anywhere but to `port`. Raises NotRehearsedError, naming the variable."""
    server = f"http://{HOST}:{port}"
    required = {**_aws(server), "HTTP_PROXY": server, "HTTPS_PROXY": server, "NO_PROXY": HOST}
    for name, value in required.items():
        if environment.get(name) != value:
            raise NotRehearsedError(f"{name} is {environment.get(name)!r}, not {value}: Terraform could leave {HOST}")
    for name in environment:
        if name not in required and name.upper().startswith(("AWS_", "TF_VAR_", "TF_CLI_ARGS", "ALL_PROXY")):
            raise NotRehearsedError(f"{name} is set, which could lead Terraform away from {HOST}")


def check_stack(stack: str, document: Any) -> None:
    """Refuse a synthesized stack with a part that is not known to stay on this machine. Raises NotRehearsedError."""
    problem = next(_ways_out(document), None)
    if problem is not None:
        raise NotRehearsedError(f"{stack}: {problem}: not known to stay on {HOST}, so it is not rehearsed")


def check_folder(folder: Path) -> None:
    """Refuse a stack's folder with configuration that `check_stack` would not see. Raises NotRehearsedError."""
    for path in sorted(folder.iterdir()):
        if path.name != DOCUMENT and _CONFIGURATION.search(path.name):
            raise NotRehearsedError(f"{path}: Terraform would read it as well, and it is not a synthesized stack")


def _ways_out(document: Any) -> Iterator[str]:
    if not isinstance(document, dict):
        yield "not a JSON object"
        return
    for name, configurations in _object(document.get("provider")).items():
        for configuration in _blocks(configurations):
            unknown = sorted(set(_object(configuration)) - _PROVIDER_ARGUMENTS - {"//"})
            if name != "aws":
                yield f"provider {name!r}"
            elif unknown:
                yield f"provider 'aws' sets {', '.join(unknown)}"
    for terraform in _blocks(document.get("terraform")):
        for name, requirement in _object(terraform.get("required_providers")).items():
            source = requirement.get("source") if isinstance(requirement, dict) else name
            if source not in _PROVIDER_SOURCES:
                yield f"provider {name!r} from {source!r}"
        if "cloud" in terraform:
            yield "HCP Terraform as the backend"
    if document.get("module"):
        yield f"module {next(iter(_object(document['module'])), '')!r}"
    for section in ("resource", "data"):
        for type_, blocks in _object(document.get(section)).items():
            if not type_.startswith("aws_") and (section, type_) != ("resource", "terraform_data"):
                yield f"{section} {type_!r}"
            for name, block in _object(blocks).items():
                if any("provisioner" in body or "connection" in body for body in _blocks(block)):
                    yield f"a provisioner in {type_}.{name}"


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _blocks(value: Any) -> list[dict[str, Any]]:
    return [block for block in (value if isinstance(value, list) else [value]) if isinstance(block, dict)]
