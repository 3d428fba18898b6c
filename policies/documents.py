"""Paths to resource graphs: finds what to read, recognises its kind from the content, and names each stack."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from policies import disk, plan_json, strict_json, terraform_json
from policies.errors import InputError
from policies.graph import ResourceGraph
from policies.masking import masked_name
from policies.model import Source

Kind = Literal["synth", "plan", "state"]

SOURCES = "sources.json"


@dataclass(frozen=True)
class Document:
    """One thing to judge: a synthesized stack (one file or a folder of them), a plan, or a state.

    `path` is as the user gave or would write it; `sha256` covers every byte that was read, file by file in the order
    of their names; `files` is what was read. `inputs` are the values that a plan was made with: of the input variables
    of its root module, by name.
    """

    path: str
    kind: Kind
    stack: str
    sha256: str
    files: tuple[Path, ...]
    graph: ResourceGraph
    inputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def resource_count(self) -> int:
        """How many resources and data sources there are to judge."""
        return len(self.graph.resources)

    def named(self, stack: str) -> "Document":
        """The same document as that of `stack`."""
        for resource in self.graph.resources:
            resource.stack = stack
        return replace(self, stack=stack)


def read(paths: Sequence[Path], stack: str | None = None, inputs: Mapping[str, Any] | None = None) -> list[Document]:
    """Everything that `paths` name, in their order. Raises InputError for the first that cannot be read whole.

    `stack` names the one stack that all of them show; without it each document names its own, a plan or state by its
    file. `inputs` are the values that a configuration's variables have, all of them; without it their defaults count.
    """
    _refuse_parts_of_one_module(paths)
    documents = [document for path in paths for document in _read_path(path, inputs)]
    if stack is not None:
        documents = [document.named(stack) for document in documents]
    seen: dict[tuple[str, Kind], str] = {}
    for document in documents:
        _refuse_secret_names(document)
        name = (document.stack, document.kind)
        if name in seen:
            raise InputError(f"{document.path}: a second stack named {document.stack!r} (the first: {seen[name]})")
        seen[name] = document.path
    return documents


def _refuse_secret_names(document: Document) -> None:
    """Names stand in every line that is said of a stack, and two that are masked alike would be one."""
    if masked_name(document.stack) != document.stack:
        raise InputError(f"{document.path}: the name of its stack looks like a credential")
    met: dict[str, str] = {}
    for resource in document.graph.resources:
        name = masked_name(resource.address)
        if name != resource.address and met.setdefault(name, resource.address) != resource.address:
            raise InputError(f"{document.path}: {name}: the keys of two instances look like credentials")


def _refuse_parts_of_one_module(paths: Sequence[Path]) -> None:
    """`check folder/*.tf.json`, spelt out by the shell, would judge the files of one module one by one."""
    folders: dict[Path, Path] = {}
    for path in paths:
        if path.name.endswith(".tf.json") and folders.setdefault(path.parent, path) is not path:
            raise InputError(f"{path}: {folders[path.parent].name} is a part of the same module: judge {path.parent}")


def separate(path: Path) -> list[Path]:
    """The paths that each are one document: the folders of the stacks in a cdktf.out folder, else the path alone."""
    stacks = path / "stacks"
    if not disk.is_folder(path) or not disk.is_folder(stacks):
        return [path]
    if any(is_configuration(one) for one in disk.entries(path)):
        raise InputError(f"{path}: holds a configuration of its own beside {stacks.name}/: judge one of them")
    folders = [folder for folder in disk.entries(stacks) if disk.is_folder(folder)]
    if not folders:
        raise InputError(f"{stacks}: no stack in it: synthesize first")
    for folder in folders:
        disk.refuse_leading_out(folder, path)
    return folders


def _read_path(path: Path, inputs: Mapping[str, Any] | None) -> Iterator[Document]:
    for one in separate(path):
        yield _read_folder(one, inputs) if disk.is_folder(one) else _read_file(one, inputs)


def _read_file(path: Path, inputs: Mapping[str, Any] | None) -> Document:
    content, value = strict_json.read(path)
    digest = hashlib.sha256(content).hexdigest()
    kind = _kind(value, path)
    stack = _stack_name(value, path)
    graph: ResourceGraph
    made_with: Mapping[str, Any] = {}
    if kind == "plan":
        graph, made_with = plan_json.read_plan(stack, value, str(path)), plan_json.inputs(value)
    elif kind == "state":
        graph = plan_json.read_state(stack, value, str(path))
    else:
        files = [terraform_json.JsonFile(str(path), value, may_be_dynamic=_may_be_dynamic(content))]
        graph = _module(stack, files, path.parent, inputs)
    return Document(str(path), kind, stack, digest, (path,), graph, made_with)


def _read_folder(folder: Path, inputs: Mapping[str, Any] | None) -> Document:
    """A folder is one module to Terraform: all its files count, or none can be judged."""
    names = [path for path in disk.entries(folder) if is_configuration(path)]
    native = [path.name for path in names if not path.name.endswith(".json")]
    if native:
        raise InputError(f"{folder}: also holds {native[0]}, which is not JSON: judge `terraform show -json` of a plan")
    paths = tuple(names)
    if not paths:
        raise InputError(f"{folder}: no *.tf.json file in it")
    files: list[terraform_json.JsonFile] = []
    digest = hashlib.sha256()
    stack = folder.resolve().name
    for path in paths:
        content, value = strict_json.read(path, within=folder)
        if _kind(value, path) != "synth":
            raise InputError(f"{path}: a plan or state among the configuration files of {folder}")
        digest.update(f"{path.name}\0{len(content)}\0".encode() + content if len(paths) > 1 else content)
        files.append(terraform_json.JsonFile(str(path), value, is_override(path), _may_be_dynamic(content)))
        stack = _metadata_name(value) or stack
    graph = _module(stack, files, folder, inputs)
    return Document(str(folder), "synth", stack, digest.hexdigest(), paths, graph)


def _module(
    stack: str, files: list[terraform_json.JsonFile], folder: Path, inputs: Mapping[str, Any] | None
) -> ResourceGraph:
    held = not variable_files(folder)
    return terraform_json.read_module(stack, files, sources(folder), defaults_hold=held, inputs=inputs)


def _may_be_dynamic(content: bytes) -> bool:
    """A look at the bytes saves one at every block; escapes and other encodings could hide the word."""
    return b"dynamic" in content or b"\\u" in content or not json.detect_encoding(content).startswith("utf-8")


def is_configuration(path: Path) -> bool:
    """Whether Terraform reads the file as part of a module; it ignores what editors leave behind."""
    ignored = path.name.startswith((".", "#")) or path.name.endswith("~")
    return not ignored and path.name.endswith((".tf", ".tf.json", ".tofu", ".tofu.json"))


def is_override(path: Path) -> bool:
    """Whether Terraform merges the file over the others of its module."""
    stem = path.name.removesuffix(".tf.json")
    return stem == "override" or stem.endswith("_override")


def variable_files(folder: Path) -> list[Path]:
    """Files whose values Terraform takes without being asked, in place of the defaults."""
    patterns = ("terraform.tfvars", "terraform.tfvars.json", "*.auto.tfvars", "*.auto.tfvars.json")
    return [path for pattern in patterns for path in folder.glob(pattern)]


def _kind(value: Any, path: Path) -> Kind:
    """What a JSON document is, told from its content alone."""
    if isinstance(value, dict):
        if "planned_values" in value or ("format_version" in value and "resource_changes" in value):
            return "plan"
        if "format_version" in value and ("values" in value or set(value) <= {"format_version", "terraform_version"}):
            return "state"
        if "serial" in value and "lineage" in value:
            raise InputError(f"{path}: a raw state file: judge what `terraform show -json` prints of it")
        if {"format_version", "provider_schemas"} <= set(value):
            raise InputError(f"{path}: provider schemas, not a configuration, plan or state")
    elements = value if isinstance(value, list) else [value]
    if elements and all(isinstance(element, dict) for element in elements):
        keys = {key for element in elements for key in element}
        if keys & terraform_json.TOP_LEVEL or not keys - {"//"}:
            return "synth"
    raise InputError(f"{path}: neither Terraform JSON, nor `terraform show -json` of a plan or a state")


def _metadata_name(value: Any) -> str | None:
    """The stack name that CDKTF writes into the document."""
    comment = value.get("//") if isinstance(value, dict) else None
    metadata = comment.get("metadata") if isinstance(comment, dict) else None
    name = metadata.get("stackName") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) and name else None


def _stack_name(value: Any, path: Path) -> str:
    name = path.name
    for suffix in (".tf.json", ".json"):
        name = name.removesuffix(suffix)
    if name == "cdk":
        name = path.resolve().parent.name
    return _metadata_name(value) or name


def sources(folder: Path) -> dict[str, Source]:
    """Construct path -> line of the program, which the synthesis leaves in SOURCES beside the stack."""
    path = folder / SOURCES
    if not disk.exists(path):
        return {}
    _, value = strict_json.read(path, within=folder)
    try:
        return {name: Source(str(place["file"]), int(place["line"])) for name, place in value.items()}
    except (AttributeError, KeyError, TypeError, ValueError):
        shape = json.dumps({"construct/path": {"file": "infra/x.py", "line": 1}})
        raise InputError(f"{path}: not of the form {shape}") from None
