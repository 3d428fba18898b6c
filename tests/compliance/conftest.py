"""The portal stack, synthesized, for the tests of what it is asked to be."""

from tests.policies.conftest import portal as portal
