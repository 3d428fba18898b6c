"""The stacks, synthesized once for all tests: with the shortest and the longest suffix, and in every profile."""

from collections.abc import Mapping

import pytest

from infra import node
from infra.profiles import Environment
from tests.infra.synthesized import Synthesis, synthesize

node.require_node()  # some tests import CDKTF themselves, and jsii alone would not find a Node.js from PyPI

SHORTEST_SUFFIX = "x"
LONGEST_SUFFIX = "pr-12345-customers-a"
GIVEN = {
    "PORTAL_DOMAIN": "portal.example.com",
    "HOSTED_ZONE_ID": "Z0123456789ABCDEFGHIJ",
    "TRANSACTIONS_JWT_ISSUER": "https://issuer.example.com/tenant",
    "TRANSACTIONS_JWT_AUDIENCE": "https://transactions.example.com",
    "TRANSACTIONS_CORS_ORIGINS": "https://portal.example.com,https://back-office.example.com:8443",
    "ALERT_EMAIL": "operations@example.com",
    "TF_STATE_BUCKET": "example-terraform-state",
    "TF_STATE_KMS_KEY_ID": "alias/terraform-state",
    "TF_STATE_LOCK_TABLE": "terraform-locks",
}


@pytest.fixture(scope="session")
def shortest(tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    return synthesize(tmp_path_factory.mktemp("shortest"), SHORTEST_SUFFIX)


@pytest.fixture(scope="session")
def longest(tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    assert len(LONGEST_SUFFIX) == 20
    return synthesize(tmp_path_factory.mktemp("longest"), LONGEST_SUFFIX)


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    return synthesize(tmp_path_factory.mktemp("production"), "live", ENVIRONMENT="production", **GIVEN)


@pytest.fixture(scope="session")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    return synthesize(tmp_path_factory.mktemp("staging"), "live", ENVIRONMENT="staging", **GIVEN)


@pytest.fixture(scope="session")
def in_profile(
    tmp_path_factory: pytest.TempPathFactory, staging: Synthesis, production: Synthesis
) -> Mapping[Environment, Synthesis]:
    """The same settings in every profile, so that what differs is the profile's doing."""
    development = synthesize(tmp_path_factory.mktemp("development"), "live", ENVIRONMENT="development", **GIVEN)
    return {"development": development, "staging": staging, "production": production}


@pytest.fixture(scope="session", params=["shortest", "longest"])
def portal(request: pytest.FixtureRequest) -> Synthesis:
    """The portal outside production, with a suffix of 1 and of 20 characters."""
    synthesis: Synthesis = request.getfixturevalue(request.param)
    return synthesis


@pytest.fixture(scope="session", params=["recovery-primary", "recovery-secondary"])
def region(request: pytest.FixtureRequest, portal: Synthesis) -> Synthesis:
    """Each of the two regions of the disaster recovery system."""
    return portal.of(request.param)


@pytest.fixture(scope="session")
def across_regions(portal: Synthesis) -> Synthesis:
    """What of the disaster recovery system belongs to no single region."""
    return portal.of("recovery-global")


@pytest.fixture(scope="session")
def api(portal: Synthesis) -> Synthesis:
    """The transaction API."""
    return portal.of("transactions")
