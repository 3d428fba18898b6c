"""Where providers come from: Terraform's addresses of them, in the one form in which they can be compared."""

import functools

BUILT_IN = "terraform.io/builtin/terraform"
# Whoever names no registry means the one of the program that reads it; both publish HashiCorp's own builds.
_DEFAULT_REGISTRIES = frozenset({"registry.terraform.io", "registry.opentofu.org"})


@functools.cache
def provider_source(written: str) -> str:
    """`aws`, `hashicorp/aws` and `registry.terraform.io/hashicorp/aws` -> `hashicorp/aws`; another host stays."""
    parts = written.strip().lower().split("/")
    if len(parts) == 1:
        return f"hashicorp/{parts[0]}"
    return "/".join(parts[1:] if len(parts) == 3 and parts[0] in _DEFAULT_REGISTRIES else parts)


@functools.cache
def implied_source(local_name: str) -> str:
    """What Terraform takes for a provider that `required_providers` does not name."""
    return BUILT_IN if local_name == "terraform" else provider_source(local_name)
