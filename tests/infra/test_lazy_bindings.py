"""Loading the provider's bindings lazily changes how long synthesis takes, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infra.synthesized import ROOT, Synthesis, synthesize

PROVIDER = "cdktf_cdktf_provider_aws"
LOADED = f"sum(name.startswith('{PROVIDER}.') and name.count('.') == 1 for name in sys.modules)"
SHIMMED = f"'{PROVIDER}' in sys.modules or 'lazy_bindings' in os.environ.get('NODE_OPTIONS', '')"


def python_says(statement: str, **variables: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", f"import os, sys; {statement}"],
        cwd=ROOT,
        env={**os.environ, "NODE_OPTIONS": "", **variables},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_only_the_bindings_in_use_are_loaded() -> None:
    assert int(python_says(f"import infra.portal; print({LOADED})")) < 150  # of 2,136


def test_the_switch_turns_it_off_on_both_sides() -> None:
    assert python_says(f"import infra; print({SHIMMED})", INFRA_EAGER_BINDINGS="0") == "True"
    assert python_says(f"import infra; print({SHIMMED})", INFRA_EAGER_BINDINGS="1") == "False"


def test_lazy_and_eager_bindings_give_the_same_bytes(shortest: Synthesis, tmp_path: Path) -> None:
    eager = synthesize(tmp_path, shortest.suffix, INFRA_EAGER_BINDINGS="1")
    for file in ("cdk.tf.json", "sources.json"):
        assert (eager.folder / file).read_bytes() == (shortest.folder / file).read_bytes()


def test_an_unknown_binding_is_a_missing_attribute() -> None:
    import cdktf_cdktf_provider_aws as bindings

    assert bindings.vpc.Vpc
    with pytest.raises(AttributeError, match="no_such_binding"):
        _ = bindings.no_such_binding
