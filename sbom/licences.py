"""Licences as SPDX expressions, out of what the metadata of Python packages say in four different ways."""

import functools
import re
from importlib.metadata import Distribution
from typing import Any

from license_expression import get_spdx_licensing  # type: ignore[import-untyped]

NOT_SAID = "NOASSERTION"

# What may go into a zip that runs in AWS: licences that ask for a notice, and nothing of who uses the service.
SHIPPABLE = frozenset(
    {
        *("MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "ISC", "PSF-2.0", "Python-2.0", "0BSD"),
        *("Unlicense", "CC0-1.0", "Zlib"),
    }
)

_WORDS = re.compile(r"[A-Za-z0-9.+() -]{1,200}")  # what else there is, the library stumbles over
_PREFIX = "License :: OSI Approved :: "
# Classifiers and free text that mean one licence; "BSD License" alone does not say which of them.
_MEANT = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "MIT License": "MIT",
    "MIT license": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "PSFL": "PSF-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
# Whose metadata say no more than "BSD" or "dual": read in the licence file that each of them carries.
_READ_IN_THE_FILE = {
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",  # both since 2.7.0; what is older, under BSD-3-Clause alone
    "packaging": "Apache-2.0 OR BSD-2-Clause",
}


def licence_of(package: Distribution) -> str:
    """The SPDX expression of an installed package; its own words where they mean none, NOT_SAID where it has none."""
    metadata: Any = package.metadata  # a mail message, of which typeshed shows less than there is
    name = str(metadata["Name"]).lower()
    if name in _READ_IN_THE_FILE:
        return _READ_IN_THE_FILE[name]
    if expression := metadata.get("License-Expression"):
        return str(expression)
    written = str(metadata.get("License") or "").strip()
    text = _MEANT.get(written, written)
    if text and is_expression(text):
        return text
    classifiers = [one.removeprefix(_PREFIX) for one in metadata.get_all("Classifier") or [] if one.startswith(_PREFIX)]
    if classifiers:
        return " AND ".join(_MEANT.get(one, one) for one in classifiers)
    return written.splitlines()[0] if written and written != "UNKNOWN" else NOT_SAID


def is_expression(text: str) -> bool:
    """Whether the text is an SPDX expression, of licences that SPDX lists."""
    return bool(_WORDS.fullmatch(text)) and not _spdx().validate(text).errors


@functools.cache
def _spdx() -> Any:
    return get_spdx_licensing()


def is_shippable(text: str) -> bool:
    """Whether code under this licence may be in what runs in AWS: of a choice one is enough, of a sum all count."""
    return is_expression(text) and _is_allowed(_spdx().parse(text))


def _is_allowed(expression: Any) -> bool:
    if isinstance(expression, _spdx().OR):
        return any(map(_is_allowed, expression.args))
    if isinstance(expression, _spdx().AND):
        return all(map(_is_allowed, expression.args))
    return str(expression) in SHIPPABLE
