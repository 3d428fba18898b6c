"""Stacks in Python that synthesize Terraform JSON.

Importing this package makes the AWS provider's bindings load lazily (see `lazy_bindings`): it must
happen before the first of them is imported, and every import of them lies in this package.
"""

from infra import lazy_bindings

lazy_bindings.install()
