"""YAML to Python values, with the line of everything that is wrong: a file that people write by hand.

Of YAML only what such a file needs is read: mappings, lists and plain values, and aliases, as long as what they unfold
to is bounded: a file of a few lines can unfold to gigabytes. Tags, which name types to make, merge keys, which hide
that a key stands twice, and a second document are refused.
"""

import functools
from pathlib import Path
from typing import Any

from policies import disk
from policies.errors import InputError

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 50
MAX_VALUES = 100_000


def read(path: Path) -> Any:
    """The document in `path`; see `parse`. Raises InputError for what `disk.read` refuses, too."""
    return parse(disk.read(path, limit=MAX_BYTES), str(path))


@functools.lru_cache(maxsize=16)  # the same few files, asked for by each step of a run; nobody changes what they get
def parse(content: bytes, path: str) -> Any:
    """The document in the file `content`: mappings and lists that know their lines (`line_of`), None when it is empty.

    Raises InputError, with the line, for anything that is not YAML as above, keys that stand twice included.
    """
    from ruamel.yaml.constructor import DuplicateKeyError  # only when there is a file: it takes as long as all policies
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    from policies.yaml_composer import TooDeepError, loader

    try:
        return loader(MAX_DEPTH, MAX_VALUES).load(content.decode("utf-8"))
    except DuplicateKeyError as error:  # its message holds the two values
        reason = str(error.problem).partition(" with value")[0]
        raise InputError(f"{path}:{_line(error)}: not valid YAML: {reason}") from None
    except (TooDeepError, RecursionError):
        raise InputError(f"{path}: not valid YAML: nested deeper than the limit of {MAX_DEPTH} levels") from None
    except MarkedYAMLError as error:
        raise InputError(f"{path}:{_line(error)}: not valid YAML: {error.problem}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not valid YAML: not valid UTF-8 at byte {error.start}") from None
    except (YAMLError, ValueError) as error:  # a day that no month has, a number of more digits than Python converts
        reason = "a number has too many digits" if "digits" in str(error) else str(error).splitlines()[0]
        raise InputError(f"{path}: not valid YAML: {reason}") from None
    except Exception as error:  # the library raises whatever a value breaks in it
        raise InputError(f"{path}: not valid YAML: {type(error).__name__}") from None


def _line(error: Any) -> int:
    return int(error.problem_mark.line) + 1 if error.problem_mark else 1


def line_of(container: Any, key: str | int) -> int:
    """The line, from 1, of a key of a mapping or an element of a list that `read` returned."""
    place = container.lc.item(key) if isinstance(key, int) else container.lc.key(key)
    return int(place[0]) + 1
