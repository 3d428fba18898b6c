"""A server that plays AWS, and a stack that was planned once, for all tests to tamper with copies of."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal import emulator
from rehearsal.emulator import Emulator
from tests.deployment.deployments import PAGE, deploy, give, topic, write_page, write_stack
from tests.rehearsal.rehearsals import require_terraform


@pytest.fixture(scope="session", autouse=True)
def _terraform() -> None:
    require_terraform()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with emulator.running(tmp_path_factory.mktemp("moto") / "moto.log") as running:
        give(running)
        yield running


@pytest.fixture(scope="session")
def planned(server: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a stack with an asset was planned, judged and attested; nothing of it exists yet."""
    folder = tmp_path_factory.mktemp("planned")
    write_page(write_stack(folder, {**PAGE, **topic("planned")}))
    (folder / "waivers.yaml").write_text("waivers: []\n")
    run = deploy(folder, server, "plan")
    assert (run.returncode, run.stderr) == (0, ""), run.stdout
    return folder
