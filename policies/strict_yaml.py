"""YAML to Python values, with the line of everything that is wrong: a file that people write by hand."""

from pathlib import Path
from typing import Any

from policies.errors import InputError


def read(path: Path) -> Any:
    """The document in `path`; see `parse`."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    return parse(content, str(path))


def parse(content: bytes, path: str) -> Any:
    """The document in the file `content`: mappings and lists that know their lines (`line_of`), None when it is empty.

    Raises InputError, with the line, for anything that is not YAML, keys that stand twice included.
    """
    from ruamel.yaml import YAML  # read only when there is a file: its import takes as long as all policies
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return YAML(typ="rt").load(content.decode("utf-8"))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InputError(f"{path}:{line}: not valid YAML: {error.problem}") from None
    except RecursionError:
        raise InputError(f"{path}: not valid YAML: nested too deeply") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not valid YAML: {str(error).splitlines()[0]}") from None
    except Exception as error:  # the library raises whatever a value breaks in it: the 31st of a 14th month, a tag
        raise InputError(f"{path}: not valid YAML: {type(error).__name__}: {str(error)[:200]}") from None


def line_of(container: Any, key: str | int) -> int:
    """The line, from 1, of a key of a mapping or an element of a list that `read` returned."""
    place = container.lc.item(key) if isinstance(key, int) else container.lc.key(key)
    return int(place[0]) + 1
