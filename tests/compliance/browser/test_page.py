"""The report's page in a real browser: it is found, filtered, sent, read aloud, printed, and never asks anybody."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from compliance.control_report import ControlReport
from tests.compliance import reports
from tests.compliance.browser.conftest import Opener

Keep = Callable[[Page, str], None]
WIDE, NARROW, NARROWEST = 1280, 390, 320
PAPER = 680  # what A4 leaves between its margins


def shown(page: Page) -> list[str]:
    """Ids of the requirements that are not filtered out."""
    ids: list[str] = page.eval_on_selector_all(".req:not([hidden])", "rows => rows.map(row => row.id.slice(2))")
    return ids


def ids(report: ControlReport, holds: Callable[..., bool]) -> list[str]:
    """Ids of the requirements of the report for which `holds`, in order."""
    return [row.requirement.id for row in report.requirements if holds(row)]


def sideways(page: Page) -> int:
    """By how many pixels the page can be scrolled sideways."""
    pixels: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return pixels


def test_every_requirement_is_shown_first_and_counted(open_sample: Opener, sample: ControlReport, keep: Keep) -> None:
    page = open_sample()
    assert shown(page) == [row.requirement.id for row in sample.requirements]
    expect(page.locator("#f-count")).to_have_text(f"{len(sample.requirements)} requirements")
    expect(page.get_by_role("heading", level=1)).to_have_text("PCI DSS 4.0.1")
    keep(page, "light")


@pytest.mark.parametrize(
    ("words", "finds"),
    [
        ("12.5.1", "12.5.1"),
        ("imdsv2-required", "2.2.6"),
        ("aws_cloudfront_distribution.web TLS", "4.2.1"),
        ("AWS_LB_LISTENER.https", "4.2.1"),
        ("E-4.2.1-CKV_AWS_2", "4.2.1"),
        ("firewall standards", "1.2.1"),
    ],
)
def test_search_finds_numbers_words_policies_addresses_and_evidence(
    open_sample: Opener, sample: ControlReport, words: str, finds: str
) -> None:
    page = open_sample()
    page.get_by_label("Search", exact=True).press_sequentially(words)
    found = shown(page)
    assert finds in found
    assert 0 < len(found) < 60
    expect(page.locator("#f-count")).to_have_text(f"{len(found)} of {len(sample.requirements)} requirements")
    headings = page.locator("#requirements h4:visible .num").all_inner_texts()
    assert headings == list(dict.fromkeys(id_.rsplit(".", id_.count(".") - 1)[0] for id_ in found))


def test_a_search_that_finds_nothing_says_so(open_sample: Opener) -> None:
    page = open_sample()
    page.get_by_label("Search", exact=True).fill("no such thing <b>&amp;")
    assert shown(page) == []
    expect(page.get_by_text("No requirement matches.")).to_be_visible()


def test_each_filter_shows_what_the_report_says_and_they_add_up(open_sample: Opener, sample: ControlReport) -> None:
    page = open_sample()

    def choose(**choices: str) -> list[str]:
        page.get_by_role("button", name="Clear").click()
        for label, value in choices.items():
            page.get_by_label(label, exact=True).select_option(value)
        return shown(page)

    assert choose(Requirement="10") == ids(sample, lambda row: row.requirement.id.startswith("10."))
    assert choose(Verdict="contradicts") == ids(sample, lambda row: row.verdict == "contradicts") == ["12.5.1"]
    shared = ids(sample, lambda row: row.requirement.owner == "shared")
    assert choose(Owner="shared") == shared
    assert 0 < len(shared) < len(sample.requirements)
    waived = ids(sample, lambda row: row.counts["waived"])
    assert choose(Outcome="waived") == waived
    assert choose(System="recovery") == ids(sample, lambda row: "recovery" in row.population)
    assert 0 < len(shown(page)) < len(choose(System="portal"))
    assert choose(Outcome="waived", Requirement="10") == [id_ for id_ in waived if id_.startswith("10.")]


def test_evidence_is_found_by_its_id(open_sample: Opener) -> None:
    page = open_sample()
    page.get_by_label("Evidence", exact=True).fill("E-2.2.6-imdsv2-required")
    assert shown(page) == ["2.2.6"]
    page.get_by_label("Evidence", exact=True).fill("e-4.2.1")
    assert shown(page) == ["4.2.1"]


def test_the_address_keeps_the_view_so_that_it_can_be_sent(open_sample: Opener) -> None:
    page = open_sample()
    page.get_by_label("Search", exact=True).fill("logs & more")
    page.get_by_label("Search", exact=True).fill("aws_s3_bucket")
    page.get_by_label("Verdict", exact=True).select_option("partly supports")
    view = shown(page)
    fragment = page.evaluate("location.hash")
    assert fragment == "#q=aws_s3_bucket&verdict=partly+supports"
    sent = open_sample(fragment)
    assert shown(sent) == view
    expect(sent.get_by_label("Search", exact=True)).to_have_value("aws_s3_bucket")
    expect(sent.get_by_label("Verdict", exact=True)).to_have_value("partly supports")
    sent.get_by_role("button", name="Clear").click()
    assert sent.evaluate("location.hash") == "#requirements"
    assert len(shown(sent)) > len(view)


@pytest.mark.parametrize(
    "fragment", ["#q=%E0%A4%A", "#verdict=no+such", "#system=__proto__", "#constructor", "#%", "#q=<img src=x>", "#="]
)
def test_an_address_that_means_nothing_does_no_harm(open_sample: Opener, fragment: str) -> None:
    page = open_sample(fragment)
    expect(page.get_by_label("Search", exact=True)).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    assert len(shown(page)) > 200


def test_a_link_to_a_requirement_opens_it_even_when_a_filter_hides_it(open_sample: Opener) -> None:
    page = open_sample("#r-12.5.1")
    expect(page.locator("[id='r-12.5.1']")).to_have_attribute("open", "")
    expect(page.locator("[id='r-12.5.1'] .reason")).to_be_in_viewport()
    page.get_by_label("Search", exact=True).fill("no such thing")
    page.evaluate("location.hash = 'r-2.2.6'")
    expect(page.locator("[id='r-2.2.6'] .reason")).to_be_in_viewport()
    expect(page.get_by_label("Search", exact=True)).to_have_value("")


def test_a_number_of_the_summary_leads_to_its_requirements(open_sample: Opener, sample: ControlReport) -> None:
    page = open_sample()
    page.get_by_role("link", name="1 requirements: contradicts").click()
    assert shown(page) == ["12.5.1"]
    expect(page.get_by_role("heading", name="Requirements", exact=True)).to_be_focused()
    cell = page.locator(".matrix tr", has_text="Logging and monitoring").get_by_role("link").nth(1)
    cell.click()
    assert len(shown(page)) == int(cell.inner_text())
    assert all(id_.startswith("10.") for id_ in shown(page))


def test_a_requirement_shows_its_evidence_with_the_whole_population(
    open_sample: Opener, sample: ControlReport, keep: Keep
) -> None:
    page = open_sample()
    row = next(row for row in sample.requirements if row.requirement.id == "3.5.1")
    item = next(item for item in row.evidence_items if item.population_count > 2)
    requirement = page.locator("[id='r-3.5.1']")
    requirement.locator("> summary").click()
    shown_item = page.locator(f"[id='{item.id}']")
    expect(shown_item).to_contain_text(item.evidence.title)
    shown_item.get_by_text("Population:").click()
    expect(shown_item.locator(".addresses")).to_have_count(
        sum(len(component.addresses) for component in item.population)
    )
    addresses = [address for part in item.population for stack in part.addresses.values() for address in stack]
    assert shown_item.locator(".addresses li").all_inner_texts() == addresses
    for label in ("Assessor's finding", "Assessor's comment"):
        expect(requirement.get_by_text(label)).to_be_visible()
    keep(page, "requirement")


def test_the_page_can_be_used_with_the_keyboard_only(open_sample: Opener) -> None:
    page = open_sample()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the requirements")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Requirements", exact=True)).to_be_in_viewport()
    page.keyboard.press("/")
    expect(page.get_by_label("Search", exact=True)).to_be_focused()
    page.keyboard.type("12.5.1/")
    expect(page.get_by_label("Search", exact=True)).to_have_value("12.5.1/")
    page.keyboard.press("Backspace")
    summary = page.locator("[id='r-12.5.1'] > summary")
    for _ in range(40):
        page.keyboard.press("Tab")
        if summary.evaluate("one => one === document.activeElement"):
            break
    expect(summary).to_be_focused()
    assert summary.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("[id='r-12.5.1'] .reason")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.locator("[id='r-12.5.1'] .reason")).to_be_hidden()


def test_all_can_be_opened_and_closed(open_sample: Opener) -> None:
    page = open_sample("#group=3")
    page.get_by_role("button", name="Open all").click()
    expect(page.locator(".req[open]")).to_have_count(len(shown(page)))
    page.get_by_role("button", name="Close all").click()
    expect(page.locator(".req[open]")).to_have_count(0)


def test_without_script_everything_can_be_read(open_sample: Opener, sample: ControlReport) -> None:
    page = open_sample(java_script_enabled=False)
    expect(page.locator("#filters")).to_be_hidden()
    expect(page.get_by_text("Search and filters need JavaScript")).to_be_visible()
    expect(page.locator(".req > summary:visible")).to_have_count(len(sample.requirements))
    page.locator("[id='r-12.5.1'] > summary").click()
    expect(page.locator("[id='r-12.5.1'] .reason")).to_have_text("At least one resource fails.")


# What a page must have to be read aloud; gives what is missing, in words.
READ_ALOUD = """() => {
  const missing = [];
  const say = (what, one) => missing.push(`${what}: ${one.outerHTML.slice(0, 120)}`);
  let level = 0;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1) say(`heading after level ${level}`, heading);
    if (!heading.textContent.trim()) say("empty heading", heading);
    level = next;
  }
  for (const one of document.querySelectorAll("input, select")) if (!one.labels.length) say("no label", one);
  for (const one of document.querySelectorAll("a, button, summary"))
    if (!(one.getAttribute("aria-label") ?? one.textContent).trim()) say("no name", one);
  for (const one of document.querySelectorAll("th")) if (!one.scope) say("no scope", one);
  for (const one of document.querySelectorAll("table")) if (!one.querySelector("thead th")) say("no head", one);
  for (const one of document.querySelectorAll("svg, [role=region], nav, form"))
    if (!one.getAttribute("aria-label") && !one.getAttribute("aria-labelledby")) say("no name", one);
  for (const one of document.querySelectorAll("[aria-labelledby]"))
    if (!document.getElementById(one.getAttribute("aria-labelledby"))) say("label is missing", one);
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  if (new Set(ids).size !== ids.length) missing.push("an id is used twice");
  return missing;
}"""

# Text whose contrast with what lies behind it is below WCAG 2.2 AA.
LOW_CONTRAST = """() => {
  const rgba = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((one) => one / 255).map((one) =>
      one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (one) => {
    for (; one; one = one.parentElement) {
      const color = rgba(getComputedStyle(one).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const low = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const one = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !one.checkVisibility() || one.closest("script, style, option")) continue;
    const style = getComputedStyle(one);
    const size = parseFloat(style.fontSize);
    const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    const [a, b] = [light(rgba(style.color)), light(behind(one))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < needed) low.add(`${contrast.toFixed(2)} ${one.className || one.tagName}: ${style.color}`);
  }
  return [...low];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_can_be_read_aloud_and_has_contrast(open_sample: Opener, keep: Keep, scheme: str) -> None:
    page = open_sample("#r-3.5.1", color_scheme=scheme, height=1400)
    for part in ("12.5.1", "10.5.1", "1.1.1"):
        page.locator(f"[id='r-{part}'] > summary").click()
    assert page.evaluate(READ_ALOUD) == []
    assert page.evaluate(LOW_CONTRAST) == []
    for landmark in ("banner", "main", "navigation", "search"):
        expect(page.get_by_role(landmark)).to_have_count(1)
    expect(page.get_by_role("status")).to_have_attribute("aria-live", "polite")
    assert page.evaluate("document.documentElement.lang") == "en"
    keep(page, f"{scheme}-open")


def test_the_page_that_the_command_writes_of_a_real_stack_is_as_good(visit: Opener, keep: Keep, tmp_path: Path) -> None:
    written = reports.project(tmp_path).folder / "index.html"
    for width in (WIDE, NARROWEST):
        page = visit(written, "#systems", width=width)
        page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
        assert page.evaluate(READ_ALOUD) == []
        assert page.evaluate(LOW_CONTRAST) == []
        assert sideways(page) == 0
        expect(page.locator(".inventory").first).to_be_visible()
        keep(page, f"systems-{width}")


def test_dark_is_dark(open_sample: Opener, keep: Keep) -> None:
    page = open_sample(color_scheme="dark")
    colors = page.evaluate("['backgroundColor', 'color'].map(name => getComputedStyle(document.body)[name])")
    background, ink = (sum(map(int, re.findall(r"\d+", color)[:3])) for color in colors)
    assert background < 100 < 600 < ink
    keep(page, "dark")


@pytest.mark.parametrize("width", [NARROW, NARROWEST, 768])
def test_a_narrow_screen_never_scrolls_sideways(open_sample: Opener, keep: Keep, width: int) -> None:
    page = open_sample("#q=encrypted", width=width, height=1200)
    page.get_by_role("button", name="Open all").click()
    assert sideways(page) == 0
    keep(page, f"width-{width}")


def test_print_opens_what_belongs_on_paper_and_leaves_out_what_does_not(open_sample: Opener) -> None:
    for script in (True, False):
        page = open_sample(java_script_enabled=script)
        page.emulate_media(media="print")
        for screen_only in ("#filters", "nav", ".skip"):
            expect(page.locator(screen_only)).to_be_hidden()
        reasons = page.locator(".req .reason")
        heights = [box["height"] for box in (one.bounding_box() for one in reasons.all()[:40]) if box]
        assert len(heights) == 40
        assert min(heights) > 0
        expect(page.locator("[id='r-3.5.1'] .items thead").first).to_be_visible()
        expect(page.locator("[id='r-3.5.1'] .population .addresses").first).to_be_hidden()
        expect(page.get_by_text("are listed in csv/population.csv")).to_be_visible()
        expect(page.locator("#f-print")).to_be_hidden()


def test_the_print_of_a_filtered_view_says_that_it_is_one(open_sample: Opener, sample: ControlReport) -> None:
    page = open_sample("#verdict=contradicts")
    page.emulate_media(media="print")
    expect(page.locator("#f-print")).to_have_text(
        f"Filtered: this print holds 1 of {len(sample.requirements)} requirements (verdict=contradicts)."
    )
    expect(page.locator("#f-print")).to_be_visible()


def test_it_prints_to_pdf_with_its_title_and_an_outline(open_sample: Opener) -> None:
    page = open_sample()
    pdf = page.pdf(prefer_css_page_size=True, outline=True, tagged=True)
    assert b"/Title (Control report: PCI DSS 4.0.1)" in pdf
    assert b"/Title (Requirements)" in pdf
    assert len(re.findall(rb"/Type /Page\b", pdf)) > 20
    boxes = set(re.findall(rb"/MediaBox \[([^\]]*)\]", pdf))
    assert {tuple(round(float(side)) for side in box.split()) for box in boxes} == {(0, 0, 595, 842)}  # A4


def test_hostile_input_is_shown_and_does_nothing(visit: Opener, hostile_file: Path, keep: Keep) -> None:
    for width in (WIDE, NARROWEST):
        page = visit(hostile_file, "#q=alert(1)", width=width)
        page.get_by_role("button", name="Open all").click()
        page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
        expect(page.get_by_text("<script>alert(1)</script>").first).to_be_attached()
        assert sideways(page) == 0
        assert page.evaluate("document.scripts.length") == 1
        assert page.locator("img, iframe, object, embed, [onerror]").count() == 0
        assert page.evaluate(READ_ALOUD) == []
        isolated = page.evaluate(
            "[...document.querySelectorAll('bdi')].every(one => getComputedStyle(one).unicodeBidi === 'isolate')"
        )
        assert isolated
        keep(page, f"hostile-{width}")


def test_hostile_input_prints_within_the_paper(visit: Opener, hostile_file: Path) -> None:
    page = visit(hostile_file, width=PAPER)
    page.emulate_media(media="print")
    assert sideways(page) == 0
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF-")
