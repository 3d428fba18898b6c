"""A run is kept under a key that every input changes; what was kept and what is made anew are the same bytes."""

import datetime
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import inputs
from policies import checkov, kept

ROOT = Path(__file__).parents[2]
FILES = (
    "infra/portal.py",
    "infra/boot.sh",
    "infra/build/a-folder-with-the-name-of-one-that-does-not-count.txt",
    "infra/lazy_bindings.cjs",
    "infra/application/portal/page.py",
    "lambda/rotate_database_secret/handler.py",
    "lambda/certificates/us-east-1.pem",
    "policies/alb/only_cloudfront.py",
    "policies/checkov.py",
    "policies/specifications/portal.yaml",
    "compliance/control_report.py",
    "compliance/templates/page.html",
    "compliance/requirements/edges.yaml",
    "pipeline/inputs.py",
    "waivers.yaml",
    "entity.yaml",
    "cdktf.json",
    "Pipfile.lock",
    "requirements.txt",
    "Makefile",
)


def program(folder: Path, name: str, version: str) -> None:
    """A program `name` on PATH that tells its version, which is all that is asked of it here."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {version}\n")
    path.chmod(0o755)


def git(*arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.test")
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with every kind of input, with packages, programs and a commit; the working directory is in it."""
    folder = tmp_path / "project"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    for name in ("cdktf.out/stacks/portal/cdk.tf.json", "build/report/report.html", "build/packages/a.zip"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / ".gitignore").write_text("build/\ncdktf.out/\n")
    for name in ("checkov", "cdktf_cdktf_provider_aws"):
        for part in (f"{name}/__init__.py", f"{name}-1.0.dist-info/METADATA"):
            (tmp_path / "site" / part).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "site" / part).write_text(part)
    program(tmp_path / "bin", "node", "v20.1.0")
    program(tmp_path / "bin", "terraform", "Terraform v1.11.4")
    (tmp_path / "terraformrc").write_text("")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "module.py").write_text("")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "site")  # round and round
    (tmp_path / "site" / "editable").symlink_to(tmp_path / "elsewhere")
    monkeypatch.chdir(folder)
    own = Path(os.__file__).parent
    library = [entry for entry in sys.path if Path(entry) in (own, own / "lib-dynload")]
    monkeypatch.setattr(sys, "path", [*library, str(folder), str(tmp_path / "site")])
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / "terraformrc"))
    monkeypatch.delenv("JSII_NODE", raising=False)
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "one")
    return folder


def key(*arguments: str) -> str:
    """The key of a process that starts now."""
    kept.variables.cache_clear()
    kept.installation.cache_clear()
    return inputs.inputs(arguments or ("auto",))


@pytest.mark.usefixtures("project")
def test_where_nothing_changes_the_key_stays() -> None:
    assert key() == key()


@pytest.mark.usefixtures("project")
def test_a_shell_within_a_shell_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key()
    monkeypatch.setenv("SHLVL", "7")
    monkeypatch.setenv("MAKELEVEL", "3")
    assert key() == before


@pytest.mark.parametrize("name", FILES)
def test_every_file_of_the_project_counts_edited_or_deleted(project: Path, name: str) -> None:
    before = key()
    content = (project / name).read_bytes()
    (project / name).write_bytes(content[::-1])
    edited = key()
    (project / name).unlink()
    assert len({before, edited, key()}) == 3


def _new_file(project: Path) -> None:
    (project / "infra" / "new.py").write_text("")


def _renamed(project: Path) -> None:
    (project / "infra" / "portal.py").rename(project / "infra" / "gate.py")


def _executable(project: Path) -> None:
    (project / "infra" / "boot.sh").chmod(0o755)


def _linked(project: Path) -> None:
    (project / "infra" / "more").symlink_to(project.parent / "site")


def _committed(project: Path) -> None:
    git("-C", str(project), "commit", "-qm", "two", "--allow-empty")


def _unstaged_from_the_index(project: Path) -> None:
    git("-C", str(project), "rm", "-q", "--cached", "waivers.yaml")


def _checkov_of_another_version(project: Path) -> None:
    site = project.parent / "site"
    (site / "checkov-1.0.dist-info").rename(site / "checkov-1.1.dist-info")


def _checkov_changed_by_hand(project: Path) -> None:
    path = project.parent / "site" / "checkov" / "__init__.py"
    state = path.stat()
    path.write_text(path.read_text()[::-1])
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))  # as if it had not been


def _bindings_of_another_version(project: Path) -> None:
    (project.parent / "site" / "cdktf_cdktf_provider_aws-1.0.dist-info" / "METADATA").write_text("Version: 2.0")


def _package_installed(project: Path) -> None:
    (project.parent / "site" / "sitecustomize.py").write_text("")


def _node(project: Path) -> None:
    program(project.parent / "bin", "node", "v22.1.0")


def _terraform(project: Path) -> None:
    program(project.parent / "bin", "terraform", "Terraform v1.12.0")


def _no_terraform_that_runs(project: Path) -> None:
    (project.parent / "bin" / "terraform").chmod(0o644)


def _terraforms_configuration(project: Path) -> None:
    (project.parent / "terraformrc").write_text("provider_installation {}")


def _file_behind_a_link(project: Path) -> None:
    (project.parent / "elsewhere" / "module.py").write_text("changed")


CHANGES = (
    _file_behind_a_link,
    _new_file,
    _renamed,
    _executable,
    _linked,
    _committed,
    _unstaged_from_the_index,
    _checkov_of_another_version,
    _checkov_changed_by_hand,
    _bindings_of_another_version,
    _package_installed,
    _node,
    _terraform,
    _no_terraform_that_runs,
    _terraforms_configuration,
)


@pytest.mark.parametrize("change", CHANGES)
def test_everything_else_that_a_run_reads_counts(project: Path, change: Callable[[Path], None]) -> None:
    before = key()
    change(project)
    assert key() != before


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    "name", ["ENVIRONMENT_SUFFIX", "ENVIRONMENT", "PORTAL_DOMAIN_NAME", "TZ", "PYTHONPATH", "INFRA_EAGER_BINDINGS"]
)
def test_every_environment_variable_counts(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name, raising=False)
    before = key()
    monkeypatch.setenv(name, "other")
    assert key() != before


@pytest.mark.usefixtures("project")
def test_another_day_counts_since_waivers_end(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key()
    tomorrow = datetime.date.today() + datetime.timedelta(days=1)

    class Tomorrow(datetime.date):
        @classmethod
        def today(cls) -> "Tomorrow":
            return cls.fromisoformat(tomorrow.isoformat())

    monkeypatch.setattr(inputs.datetime, "date", Tomorrow)
    assert key() != before


@pytest.mark.usefixtures("project")
def test_another_python_and_another_argument_count(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key()
    assert key("require") != before
    monkeypatch.setattr(sys, "version", "3.11.99")
    assert key() != before


@pytest.mark.parametrize("name", [folder.as_posix() for folder in inputs.OUTPUTS])
def test_outputs_edited_deleted_or_added_are_not_those_of_the_run(project: Path, name: str) -> None:
    before = inputs.outputs()
    path = next(path for path in sorted((project / name).rglob("*")) if path.is_file())
    content = path.read_text()
    path.write_text(content + " ")
    edited = inputs.outputs()
    path.unlink()
    deleted = inputs.outputs()
    path.write_text(content)
    assert inputs.outputs() == before
    (path.parent / "more").write_text("")
    assert len({before, edited, deleted, inputs.outputs()}) == 4


def test_the_newest_entries_stay_and_git_sees_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_ENTRIES", 2)
    for number, name in enumerate("abc"):
        kept.write(tmp_path, name, number)
        os.utime(tmp_path / f"{name}.json", ns=(number, number))
    assert [kept.read(tmp_path, name) for name in "abc"] == [None, 1, 2]
    assert (tmp_path / ".gitignore").read_text() == "*\n"


def test_an_entry_that_is_not_as_it_was_written_is_ignored_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept.write(tmp_path, "a", {"code": 1})
    assert kept.read(tmp_path, "a") == {"code": 1}
    entry = tmp_path / "a.json"
    whole = entry.read_text()
    for content in (whole.replace('"code": 1', '"code": 0'), whole[:-3], "", "[]", '{"value": {"code": 0}}'):
        entry.write_text(content)
        assert kept.read(tmp_path, "a") is None
        assert "not as it was written, so it is ignored" in capsys.readouterr().err
    entry.write_text(whole)
    entry.rename(tmp_path / "b.json")  # an entry is good under its own key only
    assert kept.read(tmp_path, "b") is None
    assert kept.read(tmp_path, "a") is None


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project itself, elsewhere, where a test may change it; without Terraform, which has tests of its own."""
    folder = tmp_path_factory.mktemp("copy") / "project"
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True
    )
    for name in listed.stdout.splitlines():
        if not name.startswith(("tests/", "docs/", ".venv")) and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    programs = folder.parent / "bin"
    programs.mkdir()
    for name in ("git", "node"):
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"no {name}")
        (programs / name).symlink_to(found)
    return folder


def run(folder: Path, *arguments: str) -> tuple[int, str, str, dict[str, bytes]]:
    """Exit code, standard output, standard error, and all that was written, of `python -m pipeline` in `folder`."""
    variables = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV_", "BC_", "CKV_"))
    }
    variables |= {"PATH": str(folder.parent / "bin"), "ENVIRONMENT_SUFFIX": "dev", "GIT_CEILING_DIRECTORIES": "/"}
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    written = [path for output in inputs.OUTPUTS for path in (folder / output).rglob("*") if path.is_file()]
    return done.returncode, done.stdout, done.stderr, {str(path): path.read_bytes() for path in written}


STANDS = "gate: nothing has changed since the last run: its verdict stands\n"


def test_a_kept_run_gives_what_a_run_without_a_cache_gives_until_something_changes(copy: Path) -> None:
    anew = run(copy, "--no-cache")
    assert anew[0] in (0, 1), anew[2]
    assert not (copy / kept.CACHE / "runs").exists()
    first = run(copy)
    assert first == anew
    second = run(copy)
    assert second == (first[0], first[1], first[2] + STANDS, first[3])

    report = copy / "build" / "report" / "report.html"
    report.write_text("In Place")
    assert run(copy) == first

    waivers = copy / "waivers.yaml"
    content = waivers.read_text()
    waivers.write_text("waivers: []\n" if content.startswith("waivers") else "[]\n")
    bare = run(copy)
    assert bare[0] in (1, 3)
    assert STANDS not in bare[2]
    waivers.write_text(content)
    again = run(copy)  # Checkov's records are kept, the run is not
    assert again == first


def test_a_run_that_could_not_judge_is_not_kept_and_leaves_no_report(copy: Path) -> None:
    waivers = copy / "waivers.yaml"
    content = waivers.read_text()
    waivers.write_text("not: [a list of waivers\n")
    try:
        for _ in range(2):
            code, _, err, _ = run(copy)
            assert code == 3
            assert STANDS not in err
            assert not (copy / "build" / "report" / "gate-result.json").exists()
    finally:
        waivers.write_text(content)


def test_checkovs_records_are_kept_only_for_the_very_text_that_it_judged(tmp_path: Path) -> None:
    from policies import documents

    def judged(acl: str) -> list[tuple[str, str]]:
        path = tmp_path / "cdk.tf.json"
        bucket = {"aws_s3_bucket": {"web": {"bucket": "b", "acl": acl}}}
        path.write_text(json.dumps({"provider": {"aws": [{"region": "us-east-1"}]}, "resource": bucket}))
        [document] = documents.read([path])
        found = checkov.assess(document.graph, "s", cache=tmp_path / "cache")
        assert found == checkov.assess(document.graph, "s")
        return [(one.policy, one.outcome) for one in found]

    private = judged("private")
    assert judged("public-read") != private
    assert judged("private") == private
    assert len(list((tmp_path / "cache").glob("*.json"))) == 2
