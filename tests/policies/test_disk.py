"""What is opened and what is written: real FIFOs, devices, sockets, links, sparse files, against every way in."""

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from policies import attestation, disk, documents, strict_yaml
from policies.__main__ import main
from policies.errors import InputError
from tests.policies.conftest import write

TEMPLATE = {"resource": {"aws_launch_template": {"web": {"metadata_options": {"http_tokens": "required"}}}}}
MIB = 1024**2


def fifo(path: Path) -> None:
    os.mkfifo(path)


def sparse(path: Path) -> None:
    """A document that is fine by itself, and a hole behind it."""
    write(path, TEMPLATE)
    with path.open("ab") as file:
        file.truncate(64 * MIB)


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        here = os.getcwd()
        os.chdir(path.parent)  # the name of a socket may have 107 bytes
        try:
            one.bind(path.name)
        finally:
            os.chdir(here)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


ODD: dict[str, tuple[Callable[[Path], None], str]] = {
    "fifo": (fifo, "not a regular file"),
    "sparse file": (sparse, "a sparse file: it says 67108864 bytes and holds fewer"),
    "huge file": (huge, "larger than the limit of 512 MiB (POLICIES_MAX_FILE_MIB raises it)"),
    "socket": (listening, "not a regular file"),
    "device that never ends": (device, "not a regular file"),
    "folder": (Path.mkdir, "a folder, not a regular file"),
    "link to nowhere": (lambda path: path.symlink_to("nowhere"), "no such file"),
    "link to itself": (lambda path: path.symlink_to(path.name), "cannot be read"),
}
WAIVER = ("--reason", "x" * 30, "--owner", "a", "--ticket", "b", "--expires", "2026-12-01")
# Every option and argument that names a file to read, with one that is odd in its place.
READERS = {
    "check": ("check", "{odd}"),
    "waivers": ("check", "{good}", "--waivers", "{odd}"),
    "baseline": ("check", "{good}", "--baseline", "{odd}"),
    "subject": ("check", "{good}", "--subject", "{odd}", "--attestation", "{folder}/a.json"),
    "diff": ("diff", "{good}", "{odd}"),
    "prune": ("baseline", "prune", "{good}", "--output", "{odd}"),
    "waive": ("waive", "0123456789ab", "{good}", "--waivers", "{odd}", *WAIVER),
    "report": ("compliance", "report", "{odd}", "--output", "{folder}/report"),
    "entity": ("compliance", "report", "{result}", "--entity", "{odd}", "--output", "{folder}/report"),
    "key": ("compliance", "report", "{result}", "--key", "{odd}", "--output", "{folder}/report"),
    "public key": ("compliance", "verify", "{folder}", "--public-key", "{odd}"),
    "reports": ("compliance", "diff", "{odd}", "{odd}"),
}


def run(arguments: list[str], folder: Path) -> tuple[int, str]:
    program = ["compliance"] if arguments[0] == "compliance" else ["policies", *arguments[:1]]
    command = [sys.executable, "-m", *program, *arguments[1:]]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PYTHONPATH": os.getcwd()}, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("kind", ["fifo", "device that never ends", "huge file"])
@pytest.mark.parametrize("reader", READERS)
def test_every_reader_refuses_what_would_not_end(reader: str, kind: str, tmp_path: Path) -> None:
    good = write(tmp_path / "good" / "x.tf.json", TEMPLATE)
    if reader in ("entity", "key"):
        main(["check", str(good), "--no-waivers", "--format", f"json={tmp_path / 'result.json'}"])
    odd = tmp_path / "odd.json"
    ODD[kind][0](odd)
    names = {"odd": odd, "good": good.parent, "folder": tmp_path, "result": tmp_path / "result.json"}
    code, said = run([one.format(**names) for one in READERS[reader]], tmp_path)
    assert (code, len(said.splitlines())) == (3, 1), said
    assert str(odd) in said
    assert any(words in said for words in ("not a regular file", "larger than the limit", "it is a link")), said


@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_plain_file_is_refused_unread(kind: str, tmp_path: Path) -> None:
    make, words = ODD[kind]
    make(tmp_path / "odd.json")
    for reader in (disk.read, disk.sha256):
        with pytest.raises(InputError) as refused:
            reader(tmp_path / "odd.json")
        assert words in str(refused.value)


def test_a_file_with_a_hole_in_its_middle_is_sparse(tmp_path: Path) -> None:
    with (tmp_path / "x").open("wb") as file:
        file.write(b"[" * 4096)
        file.seek(8 * MIB)
        file.write(b"]" * 4096)
    with pytest.raises(InputError, match="a sparse file"):
        disk.read(tmp_path / "x")


def test_a_file_is_read_whole_from_its_first_byte(tmp_path: Path) -> None:
    """Looking for holes moves the place that is read from."""
    content = os.urandom(3 * MIB + 1)
    (tmp_path / "x").write_bytes(content)
    assert disk.read(tmp_path / "x") == content
    (tmp_path / "empty").touch()
    assert disk.read(tmp_path / "empty") == b""


def test_a_fifo_that_takes_the_place_of_a_file_between_look_and_opening_is_not_waited_for(tmp_path: Path) -> None:
    """The first look sees a file; what is opened is a FIFO, and nobody writes to it. In a process that can be ended."""
    os.mkfifo(tmp_path / "odd")
    (tmp_path / "file").touch()
    program = f"""
import os
from pathlib import Path
from policies import disk
real = os.stat
os.stat = lambda path, **named: real({str(tmp_path / "file")!r} if str(path).endswith("odd") else path, **named)
disk.read(Path({str(tmp_path / "odd")!r}))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert "InputError" in done.stderr
    assert "odd: not a regular file" in done.stderr


def test_a_file_that_hides_its_size_is_held_to_the_limit() -> None:
    with pytest.raises(InputError, match="larger than the limit"):
        disk.read(Path("/proc/self/environ"), limit=10)


@pytest.mark.parametrize(("said", "allowed"), [("1", MIB), ("700", 700 * MIB), ("", 512 * MIB)])
def test_the_limit_can_be_set(said: str, allowed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLICIES_MAX_FILE_MIB", said)
    assert disk.limit_bytes() == allowed
    (tmp_path / "x").write_bytes(b" " * (MIB + 1))
    if said == "1":
        with pytest.raises(InputError, match="x: larger than the limit of 1 MiB"):
            disk.read(tmp_path / "x")
    else:
        assert len(disk.read(tmp_path / "x")) == MIB + 1


@pytest.mark.parametrize("said", ["0", "-1", "1.5", "many", "99999999", "\u0661"])
def test_a_limit_that_is_none_ends_with_one_line(
    said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POLICIES_MAX_FILE_MIB", said)
    assert main(["check", str(write(tmp_path / "x.tf.json", TEMPLATE))]) == 3
    assert "it must be a whole number of MiB" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["a\0b", "x" * 300, "\ud800"])
def test_a_name_that_no_file_can_have_is_one_line(name: str, tmp_path: Path) -> None:
    for use in (disk.read, disk.is_folder, disk.exists, disk.refuse_place, lambda path: documents.read([path])):
        with pytest.raises(InputError) as refused:
            use(tmp_path / name)
        assert "\n" not in str(refused.value)


class TestLinks:
    """Whoever names a link may mean it; what a folder holds may not lead out of it."""

    def test_a_path_that_is_named_may_be_a_link(self, tmp_path: Path) -> None:
        stack = write(tmp_path / "real" / "stacks" / "portal" / "cdk.tf.json", TEMPLATE).parent
        (tmp_path / "cdktf.out").symlink_to(tmp_path / "real")
        (tmp_path / "plan.json").symlink_to(stack / "cdk.tf.json")
        (tmp_path / "portal").symlink_to(stack)
        for name in ("cdktf.out", "plan.json", "portal"):
            [document] = documents.read([tmp_path / name])
            assert document.graph.get("aws_launch_template.web")

    @pytest.mark.parametrize("target", ["{out}", "../../../out.tf.json", "/proc/self/environ"])
    @pytest.mark.parametrize("name", ["cdk.tf.json", "sources.json"])
    def test_a_link_in_a_stack_that_leads_out_is_refused_unread(self, name: str, target: str, tmp_path: Path) -> None:
        out = write(tmp_path / "out.tf.json", TEMPLATE)
        stack = tmp_path / "cdktf.out" / "stacks" / "portal"
        write(stack / "cdk.tf.json", TEMPLATE)
        (stack / name).unlink(missing_ok=True)
        (stack / name).symlink_to(target.format(out=out))
        for path in (tmp_path / "cdktf.out", stack):
            with pytest.raises(InputError, match=f"{name}: a link that leads out of "):
                documents.read([path])

    def test_a_stack_that_is_a_link_out_is_refused(self, tmp_path: Path) -> None:
        write(tmp_path / "elsewhere" / "cdk.tf.json", TEMPLATE)
        (tmp_path / "cdktf.out" / "stacks").mkdir(parents=True)
        (tmp_path / "cdktf.out" / "stacks" / "portal").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(InputError, match="portal: a link that leads out of"):
            documents.read([tmp_path / "cdktf.out"])

    def test_a_link_within_the_module_is_followed(self, tmp_path: Path) -> None:
        write(tmp_path / "module" / "shared" / "one.json", TEMPLATE)
        (tmp_path / "module" / "main.tf.json").symlink_to("shared/one.json")
        [document] = documents.read([tmp_path / "module"])
        assert document.graph.get("aws_launch_template.web")

    @pytest.mark.parametrize("kind", ["link out", "link to a folder", "fifo"])
    def test_nothing_of_a_module_escapes_its_digests(self, kind: str, tmp_path: Path) -> None:
        """A template that Terraform reads through a link to a folder would be attested by nobody."""
        folder = write(tmp_path / "stack" / "cdk.tf.json", TEMPLATE).parent
        (folder / "inner").mkdir()
        (tmp_path / "elsewhere").write_text("x")
        if kind == "fifo":
            os.mkfifo(folder / "odd")
        else:
            (folder / "odd").symlink_to("inner" if kind == "link to a folder" else tmp_path / "elsewhere")
        with pytest.raises(InputError, match="odd: "):
            attestation.module_files(folder)

    def test_what_terraform_keeps_there_may_lead_where_it_likes(self, tmp_path: Path) -> None:
        folder = write(tmp_path / "stack" / "cdk.tf.json", TEMPLATE).parent
        (folder / ".terraform" / "providers").mkdir(parents=True)
        (folder / ".terraform" / "providers" / "cached").symlink_to("/")
        assert list(attestation.module_files(folder)) == ["cdk.tf.json"]

    def test_a_link_that_turns_between_the_look_and_the_reading_is_noticed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The file is opened through a link out; until the path is resolved somebody has put a file in its place."""
        secret = write(tmp_path / "secret", "x")
        inner = tmp_path / "module" / "main.tf.json"
        inner.parent.mkdir()
        inner.symlink_to(secret)
        real = os.path.realpath

        def turned(path: str | os.PathLike[str]) -> str:
            if Path(path) == inner and inner.is_symlink():
                inner.unlink()
                inner.write_text("{}")
            return real(path)

        monkeypatch.setattr(os.path, "realpath", turned)
        with pytest.raises(InputError, match="changed while it was read"):
            disk.read(inner, within=inner.parent)


WRITERS = {
    "output": ("check", "{good}", "--no-waivers", "--output", "{out}"),
    "format": ("check", "{good}", "--no-waivers", "--format", "sarif={out}"),
    "attestation": ("check", "{good}", "--no-waivers", "--attestation", "{out}"),
    "baseline": ("baseline", "write", "{good}", "--no-waivers", "--output", "{out}"),
    "diff": ("diff", "{good}", "{good}", "--no-waivers", "--output", "{out}"),
}


class TestWriting:
    """Whole or not at all, and never through a link."""

    @pytest.mark.parametrize("kind", ["link to a file", "dangling link", "fifo", "folder"])
    @pytest.mark.parametrize("writer", WRITERS)
    def test_nothing_is_written_through_a_link(
        self, writer: str, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        good = write(tmp_path / "good" / "x.tf.json", TEMPLATE)
        precious = tmp_path / "precious"
        out = tmp_path / "out"
        if kind == "fifo":
            os.mkfifo(out)
        elif kind == "folder":
            out.mkdir()
        else:
            out.symlink_to(precious)
        if kind == "link to a file":
            precious.write_text("mine")
        before = os.lstat(out)
        arguments = [one.format(good=good.parent, out=out) for one in WRITERS[writer]]
        assert main(arguments) == 3
        said = capsys.readouterr().err
        assert len(said.splitlines()) == 1
        assert f"{out}: cannot be written: {'it is a link' if 'link' in kind else 'not a regular file'}" in said, said
        assert os.lstat(out) == before
        assert precious.exists() == (kind == "link to a file")
        assert not precious.exists() or precious.read_text() == "mine"

    def test_a_link_on_the_way_may_not_lead_out_of_the_current_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "project" / "real").mkdir(parents=True)
        (tmp_path / "project" / "build").symlink_to(tmp_path / "elsewhere")
        (tmp_path / "project" / "inner").symlink_to("real")
        monkeypatch.chdir(tmp_path / "project")
        for name in ("build/x", "build/deeper/x"):
            with pytest.raises(InputError, match=f"{name}: cannot be written: a link on the way leads out"):
                disk.write(Path(name), b"x")
        assert list((tmp_path / "elsewhere").iterdir()) == []
        disk.write(Path("inner/x"), b"x")
        disk.write(Path("../elsewhere/x"), b"x")
        disk.write(tmp_path / "project" / "build" / "y", b"y")  # whoever writes the whole path knows the machine
        assert sorted(one.name for one in (tmp_path / "elsewhere").iterdir()) == ["x", "y"]

    def test_a_file_that_was_there_keeps_its_mode_and_a_new_one_gets_the_usual(self, tmp_path: Path) -> None:
        (tmp_path / "old").touch(mode=0o600)
        for name in ("old", "new"):
            disk.write(tmp_path / name, b"x")
        umask = os.umask(0)
        os.umask(umask)
        modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("old", "new")]
        assert modes == [0o600, 0o666 & ~umask]

    def test_a_disk_that_fills_leaves_the_old_file_and_nothing_else(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "x").write_text("old")

        def failing(self: Path, target: Path) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "replace", failing)
        with pytest.raises(InputError, match="x: cannot be written"):
            disk.write(tmp_path / "x", b"new")
        assert [one.name for one in tmp_path.iterdir()] == ["x"]
        assert (tmp_path / "x").read_text() == "old"


class TestYaml:
    """What people write by hand needs no more of YAML than values, and aliases that stay small."""

    BOMB = "a: &a [" + ", ".join("x" * 9) + "]\n"
    BOMB += "".join(f"{one}: &{one} [{', '.join([f'*{before}'] * 9)}]\n" for before, one in pairwise("abcdefghi"))

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (BOMB, "x.yaml:6: not valid YAML: it unfolds to more than 100000 values"),
            ("[" + ",".join(["x"] * 100_001) + "]", "x.yaml:1: not valid YAML: it unfolds to more than 100000 values"),
            ("a: &a [*a]", "x.yaml:1: not valid YAML: an alias stands within what it repeats"),
            ("a: &a 1\nb: &a 2", "x.yaml:2: not valid YAML: the anchor a is given twice"),
            ("a: 1\nb: *b", "x.yaml:2: not valid YAML: found undefined alias"),
            ("a: 1\nb: !!python/object/apply:os.system [id]", "x.yaml:2: not valid YAML: tags are not read here"),
            ("a: !x 1", "x.yaml:1: not valid YAML: tags are not read here"),
            ("a: 1\n<<: {b: 1}", "x.yaml:2: not valid YAML: merge keys are not read here"),
            ("a: 1\nb: 2\na: 3", 'x.yaml:3: not valid YAML: found duplicate key "a"'),
            ("a: .inf", "x.yaml:1: not valid YAML: infinity and NaN are not read here"),
            ("a: -.NaN", "x.yaml:1: not valid YAML: infinity and NaN are not read here"),
            ("a: 1e999", "x.yaml:1: not valid YAML: infinity and NaN are not read here"),
            ("a: " + "9" * 5000, "x.yaml: not valid YAML: a number has too many digits"),
            ("a: 2026-13-45", "x.yaml: not valid YAML: month must be in 1..12"),
            ("[" * 60 + "]" * 60, "x.yaml: not valid YAML: nested deeper than the limit of 50 levels"),
            ("[" * 100_000, "x.yaml: not valid YAML: nested deeper than the limit of 50 levels"),
            ("a: 1\n---\nb: 1", "x.yaml:2: not valid YAML: but found another document"),
            ("a: \0", "not valid YAML"),
        ],
        ids=range(18),
    )
    def test_what_is_more_than_values_is_refused_with_its_line(self, text: str, words: str) -> None:
        with pytest.raises(InputError) as refused:
            strict_yaml.parse(text.encode(), "x.yaml")
        assert words in str(refused.value)
        assert len(str(refused.value)) < 200

    def test_a_duplicate_key_is_named_without_its_values(self) -> None:
        with pytest.raises(InputError) as refused:
            strict_yaml.parse(b"password: first-value\npassword: second-value\n", "x.yaml")
        assert "value" not in str(refused.value)

    def test_aliases_that_stay_small_are_read(self) -> None:
        read = strict_yaml.parse(b"a: &a {x: [1, 2]}\nb: *a\nc: [*a, *a]\n", "x.yaml")
        assert read["c"] == [{"x": [1, 2]}] * 2

    def test_a_large_file_is_refused_before_it_is_parsed(self, tmp_path: Path) -> None:
        (tmp_path / "x.yaml").write_bytes(b"#" * (4 * MIB + 1))
        with pytest.raises(InputError, match=r"larger than the limit of 4 MiB$"):
            strict_yaml.read(tmp_path / "x.yaml")
