"""The three forms say the same, always in the same bytes, and no input can do more than be shown."""

import html
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from compliance.control_report import ControlReport, control_report
from compliance.lint import requirement_numbers
from compliance.render_html import render_html
from compliance.render_json import render_json
from compliance.render_markdown import render_markdown
from compliance.requirements import VERSION, load
from policies.recorded_result import read_gate_result
from policies.visible import visible
from tests.compliance import gate_results as make
from tests.compliance.hostile import HOSTILE, hostile_report

FRAMEWORK = load()
FORMS = {"html": render_html, "markdown": render_markdown, "json": render_json}


@pytest.fixture(scope="module")
def sample() -> ControlReport:
    return control_report(read_gate_result(make.SAMPLE), FRAMEWORK, [make.policy("imdsv2-required")], make.ORIGIN)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> ControlReport:
    """Every string that a result can hold is hostile."""
    return hostile_report(tmp_path_factory.mktemp("hostile"))


class Page(HTMLParser):
    """Tags with attributes, and the visible text, of a page."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if not self.tags or self.tags[-1][0] not in ("style", "script"):
            self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.mark.parametrize("form", FORMS)
def test_two_runs_give_the_same_bytes(form: str) -> None:
    policies = [make.policy("imdsv2-required")]
    once, again = (
        FORMS[form](control_report(read_gate_result(make.SAMPLE), load(), policies, make.ORIGIN)) for _ in range(2)
    )
    assert once == again


@pytest.mark.parametrize("form", FORMS)
def test_the_order_of_rows_in_the_result_does_not_matter(form: str, tmp_path: Path) -> None:
    rows = [make.row("imdsv2-required", "pass", f"aws_instance.{name}") for name in "cab"]
    results = [make.read(tmp_path, make.document(*order)) for order in (rows, rows[::-1])]
    assert results[0].sha256 != results[1].sha256  # the one thing in which the forms may and must differ
    forms = [
        FORMS[form](control_report(replace(result, sha256="0" * 64), FRAMEWORK, [], make.ORIGIN)) for result in results
    ]
    assert forms[0] == forms[1]


@pytest.mark.parametrize("form", FORMS)
def test_every_number_printed_is_one_of_the_351(form: str, sample: ControlReport) -> None:
    printed = FORMS[form](sample)
    text = " ".join(Page(printed).texts) if form == "html" else printed
    versions = {VERSION, *sample.result.tools.values()}
    numbers = {number for number in requirement_numbers(text) if number not in versions}
    assert len(numbers) == 351
    assert numbers <= set(FRAMEWORK.identifiers)


@pytest.mark.parametrize("form", FORMS)
def test_all_351_identifiers_are_in_the_report(form: str, sample: ControlReport) -> None:
    printed = FORMS[form](sample)
    assert set(FRAMEWORK.identifiers) <= set(requirement_numbers(printed))


@pytest.mark.parametrize("form", FORMS)
def test_no_form_says_in_place(form: str, sample: ControlReport) -> None:
    assert "in place" not in FORMS[form](sample).lower()


@pytest.mark.parametrize("form", FORMS)
def test_waivers_are_shown_with_reason_owner_and_expiry(form: str, sample: ControlReport) -> None:
    printed = html.unescape(FORMS[form](sample)).replace("\\", "")
    for row in sample.waived:
        assert row.waiver
        for part in (row.waiver.reason, row.waiver.owner, row.waiver.expires):
            assert part in printed


def test_the_json_form_has_the_schema_and_an_entry_for_each_requirement(sample: ControlReport) -> None:
    document = json.loads(render_json(sample))
    assert document["schema"] == "control-report/1"
    assert [row["id"] for row in document["requirements"]] == [
        id_ for id_ in FRAMEWORK.identifiers if id_.count(".") > 1
    ]
    assert sum(document["summary"]["verdicts"].values()) == len(document["requirements"])
    assert all(row["assessor"] == {"finding": "", "comment": ""} for row in document["requirements"])
    contradicted = next(row for row in document["requirements"] if row["id"] == "12.5.1")
    assert (contradicted["verdict"], contradicted["counts"]["fail"]) == ("contradicts", 1)
    assert "aws_autoscaling_group.web" in contradicted["population"]["portal"]


def test_the_json_form_holds_every_assessment_of_the_result(sample: ControlReport) -> None:
    evidence = json.loads(render_json(sample))["evidence"].values()
    assert sum(len(row["assessments"]) for row in evidence) == len(sample.result.assessments)


def test_the_json_form_is_ascii_and_keeps_hostile_values_whole(hostile: ControlReport) -> None:
    printed = render_json(hostile)
    assert printed.isascii()
    assert json.loads(printed)["evidence"]["required-tags"]["assessments"][0]["address"] == HOSTILE


def test_the_page_asks_nothing_of_the_network(sample: ControlReport) -> None:
    page = Page(render_html(sample))
    assert len(page.all("script")) == len(page.all("style")) == 1
    assert page.all("script") == [{}]
    links = [value for _, tag in page.tags for name, value in tag.items() if name in ("href", "src", "srcset")]
    assert links
    assert all(link and (link.startswith("#") or link == "data:,") for link in links)
    policy = page.all("meta")[1]["content"] or ""
    assert policy.startswith("default-src 'none'; ")
    assert not re.search(r"url\(|@import", render_html(sample))


def test_links_inside_the_page_lead_somewhere(sample: ControlReport) -> None:
    page = Page(render_html(sample))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {str(link["href"])[1:] for link in page.all("a")}
    assert targets <= set(ids)


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_an_artefact_is_named_with_the_limits_of_its_edge_and_leads_to_what_it_is(form: str, tmp_path: Path) -> None:
    standard = make.framework(make.shown_edge("inventory-keys", "diagram-subnets"))
    printed = FORMS[form](make.report(tmp_path, standard, drawn=make.landscape_with(("front door",))))
    assert "A list is no lock." in printed
    assert "Shown in this report: inventory-keys." in printed
    if form == "html":
        links = {link.get("href") for link in Page(printed).all("a")}
        ids = {attributes.get("id") for _, attributes in Page(printed).tags}
        assert "#inventory-keys" in links
        assert "inventory-keys" in ids
        assert "nothing to show" in printed  # of the diagram


def test_hostile_strings_add_no_tag_and_no_attribute_to_the_page(hostile: ControlReport) -> None:
    page = Page(render_html(hostile))
    assert len(page.all("script")) == 1
    assert not page.all("img")
    assert not [tag for tag, attributes in page.tags if any(name.startswith("on") for name in attributes)]
    shown = "".join(page.texts)
    assert "<script>alert(1)</script>" in shown
    assert "{{7*7}}" in shown


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_no_invisible_character_reaches_a_reader(form: str, hostile: ControlReport) -> None:
    printed = FORMS[form](hostile)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u200b\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff]", printed)
    assert "u202egnp.exe" in printed


def test_long_values_are_cut_with_their_length(hostile: ControlReport) -> None:
    for form in ("html", "markdown"):
        printed = FORMS[form](hostile)
        assert "A" * 1000 not in printed
        assert f"{len(HOSTILE)} characters" in printed


def test_hostile_strings_stay_text_in_markdown(hostile: ControlReport, sample: ControlReport) -> None:
    parser = MarkdownIt("gfm-like", {"linkify": False})
    tokens = parser.parse(render_markdown(hostile))
    inline = [child for token in tokens for child in token.children or []]
    assert not [token for token in inline if token.type in ("link_open", "image")]
    allowed = {f"<{slash}{tag}>" for slash in ("", "/") for tag in ("code", "br", "details", "summary")}
    for token in [*inline, *tokens]:
        if token.type in ("html_inline", "html_block"):
            assert not set(re.findall(r"<[^>]*>", token.content)) - allowed
    assert sum(token.type == "heading_open" and token.tag == "h1" for token in tokens) == 1


def test_every_table_row_in_markdown_has_as_many_cells_as_its_head(hostile: ControlReport) -> None:
    columns = 0
    for line in render_markdown(hostile).splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line)) - 1
        if not line.startswith("|"):
            columns = 0
        elif columns:
            assert cells == columns, line[:200]
        else:
            columns = cells


def test_an_empty_result_supports_nothing_and_is_reported(tmp_path: Path) -> None:
    result = make.read(tmp_path, make.document(inputs=[]))
    report = control_report(result, FRAMEWORK, [], make.ORIGIN)
    assert {report.verdicts[word] for word in ("supports", "partly supports", "contradicts")} == {0}
    for render in FORMS.values():
        assert "not evaluated" in render(report)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("aws_lb.web", "aws_lb.web"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\u202eabc", "\\u202eabc"),
        ("\U000e0041", "\\U000e0041"),
        ("\ue000", "\\ue000"),
        ("Grüße שלום", "Grüße שלום"),
    ],
)
def test_invisible_characters_become_escapes(raw: str, shown: str) -> None:
    assert visible(raw) == shown
