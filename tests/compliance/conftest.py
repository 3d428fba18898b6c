"""Our own stacks, synthesized, for the tests of what they are asked to be."""

from tests.policies.conftest import portal as portal
from tests.policies.conftest import stacks as stacks
