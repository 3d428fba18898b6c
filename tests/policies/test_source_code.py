"""The digest of a policy: of its own code and of all that it is made of."""

import inspect
from pathlib import Path

import pytest

from policies import source_code
from policies.registry import catalogue
from tests.policies.conftest import ROOT

POLICIES = {policy.id: policy for policy in catalogue()}


def code(policy: str) -> set[str]:
    files = source_code.files_of(Path(inspect.getfile(POLICIES[policy].judge)))
    return {file.relative_to(ROOT / "policies").as_posix() for file in files}


def test_code_is_what_a_policy_imports_one_through_another() -> None:
    spans = code("subnets-span-zones")
    assert {"network/subnets_span_zones.py", "network/topology.py", "network/address_ranges.py"} <= spans
    assert not {file for file in spans if file.startswith(("alb/", "waf/"))}
    assert "network/topology.py" not in code("imdsv2-required")
    assert "resources.py" in code("imdsv2-required")


def test_the_digest_changes_with_shared_code_and_only_where_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def digests() -> tuple[str, str]:
        files = [Path(inspect.getfile(POLICIES[id_].judge)) for id_ in ("subnets-span-zones", "imdsv2-required")]
        return source_code.digest_of(files[0]), source_code.digest_of(files[1])

    before = digests()
    read = source_code._sha256
    topology = ROOT / "policies" / "network" / "topology.py"
    monkeypatch.setattr(source_code, "_sha256", lambda file: "changed" if file == topology else read(file))
    after = digests()
    assert after[0] != before[0]
    assert after[1] == before[1]
