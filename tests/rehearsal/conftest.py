"""A server that plays AWS, started once for all tests that call it directly."""

from collections.abc import Iterator

import pytest

from rehearsal import emulator
from rehearsal.emulator import Emulator


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with emulator.running(tmp_path_factory.mktemp("moto") / "moto.log") as running:
        yield running
