"""A real Chromium with the report's page in it; whatever a test does, the page may ask nobody and report no error."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, sync_playwright

from compliance.control_report import ControlReport, control_report
from compliance.render_html import render_html
from compliance.requirements import load
from tests.compliance import gate_results as make
from tests.compliance.browser.chromium import chromium
from tests.compliance.hostile import hostile_report

SCREENSHOTS = Path(__file__).parents[3] / "build" / "screenshots"
TIMEOUT_MILLISECONDS = 10_000
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--no-first-run"),
)

Opener = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    program = chromium()
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> ControlReport:
    """A report on two systems in which every outcome occurs."""
    content = json.loads(make.SAMPLE.read_text(encoding="utf-8"))
    content["inputs"].append(
        {"path": "cdktf.out/stacks/recovery", "kind": "plan", "stack": "recovery", "sha256": "1" * 64}
    )
    content["assessments"].append(
        make.row("CKV_AWS_130", "pass", "module.west.aws_subnet.private[0]", stack="recovery")
    )
    del content["summary"]
    result = make.read(tmp_path_factory.mktemp("result"), content)
    return control_report(result, load(), [make.policy("imdsv2-required")], make.ORIGIN)


@pytest.fixture(scope="session")
def sample_file(sample: ControlReport, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its page, on disk."""
    file = tmp_path_factory.mktemp("report") / "index.html"
    file.write_text(render_html(sample), encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def hostile_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a report whose every string is an attack, on disk."""
    folder = tmp_path_factory.mktemp("hostile")
    file = folder / "index.html"
    file.write_text(render_html(hostile_report(folder)), encoding="utf-8")
    return file


@pytest.fixture
def visit(browser: Browser) -> Iterator[Opener]:
    """Opens a file in a window of its own; afterwards nothing may have been asked, run or reported."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def refuse(route: Route) -> None:
        complaints.append(f"asked for {route.request.url}")
        route.abort()

    def note(request: Request) -> None:
        if not request.url.startswith(("file:", "data:,")):
            complaints.append(f"asked for {request.url}")

    def visit(file: Path, fragment: str = "", *, width: int = 1280, height: int = 900, **options: object) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(TIMEOUT_MILLISECONDS)
        context.route(lambda url: not url.startswith(("file:", "data:")), refuse)
        page = context.new_page()
        page.on("request", note)
        page.on("console", lambda message: complaints.append(f"console: {message.type}: {message.text[:300]}"))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("popup", lambda popup: complaints.append(f"opened {popup.url}"))
        page.goto(f"{file.as_uri()}{fragment}")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def open_sample(visit: Opener, sample_file: Path) -> Opener:
    """Opens the sample's page: `open_sample("#r-12.5.1", width=320)`."""

    def open_sample(fragment: str = "", **options: object) -> Page:
        return visit(sample_file, fragment, **options)

    return open_sample


@pytest.fixture
def keep() -> Callable[[Page, str], None]:
    """Keeps a screenshot of what is seen under build/screenshots/, for people to look at."""

    def keep(page: Page, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png")

    return keep
