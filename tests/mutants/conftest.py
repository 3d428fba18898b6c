"""The stacks that are mutated in tests are synthesized once, as for the tests of the gate."""

from tests.policies.conftest import stacks

__all__ = ["stacks"]
