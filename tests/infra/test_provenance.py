"""sources.json leads from a finding to the line a developer has to change."""

import re
from pathlib import Path

import pytest

from infra import readable_stack
from tests.infra.synthesized import ROOT, Synthesis


def line_of(source: dict[str, object]) -> str:
    lines = (ROOT / str(source["file"])).read_text().splitlines()
    return lines[int(str(source["line"])) - 1]


def test_every_resource_leads_to_the_line_that_makes_it(portal: Synthesis) -> None:
    for resource in portal.resources():
        source = portal.sources[resource.construct_path]
        class_name = "".join(part.capitalize() for part in resource.type.removeprefix("aws_").split("_"))
        if resource.type == "terraform_data":
            class_name = "TerraformResource"
        assert re.search(rf"\b{class_name}A?\(", line_of(source)), f"{resource.address}: {source}"


def test_sources_are_sorted_and_relative_to_the_repository(portal: Synthesis) -> None:
    assert list(portal.sources) == sorted(portal.sources)
    for source in portal.sources.values():
        assert re.fullmatch(r"infra/\w+\.py", source["file"])
        assert not Path(source["file"]).is_absolute()


def test_our_own_constructs_lead_to_the_page_that_wires_them(portal: Synthesis) -> None:
    for construct in ("network", "compute", "alb", "database", "cdn", "storage", "secrets", "monitoring", "security"):
        source = portal.sources[f"portal/{construct}"]
        assert source["file"] == "infra/portal.py"
        assert re.search(r"\b[A-Z]\w+\($|\b[A-Z]\w+\(self", line_of(source).strip())


def test_two_constructs_that_would_share_an_address_are_refused(tmp_path: Path) -> None:
    from cdktf import App, TerraformOutput
    from constructs import Construct

    stack = readable_stack.ReadableStack(App(outdir=str(tmp_path)), "stack")
    TerraformOutput(Construct(stack, "a"), "b_c", value="first")
    TerraformOutput(Construct(stack, "a_b"), "c", value="second")
    with pytest.raises(RuntimeError, match="would share the address a_b_c"):
        App.of(stack).synth()
