"""Our own stacks, synthesized, for the tests of what they are asked to be; and Terraform, where it can be had."""

from tests.policies.conftest import portal as portal
from tests.policies.conftest import stacks as stacks
from tests.policies.conftest import terraform as terraform
