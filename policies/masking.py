"""Masks what looks like a credential in everything that the gate says, whatever the format.

Assessments, waivers and validations mask themselves when they are made (`policies.model`, `policies.result`), so that
nothing which writes them can forget to; error messages are masked where they are printed. What is masked is told by its
shape (an access key, a token, a private key, a password in a URL), by the name that it stands under (`db_password`), by
the provider's schema (`sensitive`), and by the marks of plans. Expressions, which say where a value comes from, stay.

Masking twice is masking once, and nothing of the value is left, neither its length nor a digest: whoever holds a digest
of a password has what guessing needs.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from typing import Any

from policies import data

MASK = "(sensitive)"
SHORTEST = 6  # characters: a shorter text is a word that stands in many places, and is masked in its own alone

# Every repetition is bounded, so that a hostile text costs no more than a long one. Each takes in the whole credential.
SHAPES = {
    "an access key of AWS": re.compile(r"(?<![0-9A-Za-z])(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Z])"),
    "a private key": re.compile(
        r"-----BEGIN (?:[A-Z]{1,20} ){0,5}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:[\w+/=\s\\:,.-]{0,20000}?-----END (?:[A-Z]{1,20} ){0,5}PRIVATE KEY(?: BLOCK)?-----|[\w+/=\s\\]{0,20000})"
    ),
    "an address with a password in it": re.compile(
        r"\b[a-z][a-z0-9+.-]{0,20}://[^\s/:@'\"]{1,256}:[^\s/@'\"$][^\s/@'\"]{0,256}@"
    ),
    "a token of GitHub, GitLab, Slack or Stripe": re.compile(
        r"\b(?:gh[oprsu]_\w{36,255}|github_pat_\w{22,255}|gl(?:pat|dt|rt|ptt|ft|soat|cbt|agent)-[\w-]{20,255}"
        r"|xox[abeprs]-[\w-]{10,255}|xapp-[\w-]{20,255}|hooks\.slack\.com/services/[\w/]{1,255}"
        r"|[rs]k_live_\w{16,255})"
    ),
    "a key of a service": re.compile(
        r"\b(?:AIza[\w-]{35}|SG\.[\w-]{16,32}\.[\w-]{16,64}|npm_[A-Za-z0-9]{36}|pypi-[\w-]{50,500}|hvs\.[\w-]{24,255}"
        r"|dop_v1_[a-f0-9]{64}|sk-(?:proj-|ant-)?[\w-]{32,255})"
    ),
    "a signed token": re.compile(r"\beyJ[\w-]{10,1000}\.eyJ[\w-]{10,4000}\.[\w-]{20,4000}"),
    "a password handed to chpasswd": re.compile(
        r"\becho\s{1,9}(?:-\w\s{1,9}){0,3}['\"]?[\w.-]{1,64}:[^\s$'\"]{1,256}['\"]?\s{0,9}\|\s{0,9}(?:sudo\s{1,9})?chpasswd"
    ),
    "a password handed to mysql": re.compile(r"\bmysql\w{0,20}\s(?:[^\n;|]{0,256}\s)?-p[^\s$'\"-]\S{1,256}"),
    "a password handed to a command": re.compile(
        r"\b(?:sshpass\s{1,9}-p\s{0,9}|curl\s[^\n;|]{0,256}?-u\s{0,9}['\"]?[\w.-]{1,64}:|redis-cli\s[^\n;|]{0,256}?-a\s{1,9}"
        r"|docker\s{1,9}login\s[^\n;|]{0,256}?-p\s{1,9}|set\s{1,9}aws_secret_access_key\s{1,9})['\"]?[^\s$'\"<`-]\S{1,256}"
    ),
}
_CREDENTIAL_NAME = re.compile(
    r"(?:password|passphrase|(?<=.)passwd|(?<=[_.-])pass|pwd|secret|token|jwt|credentials?"
    r"|(?:api|access|secret|private|signing|encryption|auth)[_.-]?key)"
    r"(?:[_.-]?(?:\d{1,3}|b64|base64|value|plain(?:text)?))?$",
    re.IGNORECASE,
)
# What makes a request unique, and is no secret: `creation_token` of a file system.
_REQUEST_TOKEN = re.compile(r"(?:creation|idempotency|request)_?token$", re.IGNORECASE)
# A text without any of these holds no credential that is told by its shape: most texts, so it is looked at first.
_HINT = re.compile(
    r"AKIA|ASIA|PRIVATE KEY|://|gh[oprsu]_|github_pat_|gl[a-z]{2,5}-|xox|xapp-|hooks\.slack|k_live_|AIza|SG\.|npm_|pypi-"
    r"|hvs\.|dop_v1_|sk-|eyJ|chpasswd|mysql|sshpass|curl|redis-cli|docker|aws_secret_access_key|sensitive\("
)
_DECLARED_SENSITIVE = re.compile(r'\bsensitive\(\s{0,9}\\?"(?:[^"\\\n]|\\.){0,4096}"\s{0,9}\)')
# A secret access key of AWS has no mark of its own: forty characters of base64, by themselves.
_FORTY = re.compile(r"(?<![\w+/=.-])[A-Za-z0-9+/]{40}(?![\w+/=-])")
_FORTY_QUOTED = re.compile(r'(?<=")[A-Za-z0-9+/]{40}(?=")')
_LONG_RANDOM = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[\w+/=-]{32,4096}")
_RANDOM_BITS = 4.3  # per character; words and identifiers have less, generated passwords more
# How often lower case, upper case and digits take turns, per character: 0.6 times where a generator chose, and fewer
# than this in one of a thousand; 0.3 to 0.35 times in words that are written together.
_RANDOM_TURNS = 0.36
CHECKSUM_NAME = re.compile(
    r"(?:hash|digest|checksum|sha\d*|md5|fingerprint|etag|version|certificate|public_?key)$", re.I
)

# `name = value`, `name: value`, `"name": "value"`, in scripts and documents, however often the document is quoted.
_ASSIGNED = re.compile(
    r"""(?<![\w.$:])(?<!\w-)(?P<name>[A-Za-z_]\w*+(?:[.-]\w++)*+)\\{0,3}["']?[ \t]{0,9}[:=]>?[ \t]{0,9}(?P<value>"""
    r"""\\{1,3}"(?:(?!\\{1,3}").){0,4096}?\\{1,3}"|"(?:[^"\\\n]|\\.){0,4096}+"|'[^'\n]{0,4096}+'"""
    r"""|\\{0,3}["'][^\n]{0,4096}|[^\s"',;}\]=]{1,4096}+(?!=))"""
)
# `{"name": "DB_PASSWORD", "value": "..."}`, either way round.
_PAIR = re.compile(
    r"""(?P<before>\\{0,3}["'](?:name|key|parameter)\\{0,3}["'][ \t]{0,9}:[ \t]{0,9}\\{0,3}["']"""
    r"""(?P<name>[\w.-]{1,256})\\{0,3}["'][ \t\n]{0,9},[ \t\n]{0,9}\\{0,3}["']value\\{0,3}["'][ \t]{0,9}:[ \t]{0,9})"""
    r"""(?P<value>\\{1,3}"(?:(?!\\{1,3}").){0,4096}?\\{1,3}"|"(?:[^"\\\n]|\\.){0,4096}+"|'[^'\n]{0,4096}+')""",
    re.IGNORECASE,
)
_EXPRESSION = re.compile(r"\$\{(?:[^{}]|\{[^{}]{0,500}\}){0,2000}\}|%\{[^{}]{0,500}\}")
_INDEX = re.compile(r"""\[\\?["'][^"'\]]{0,256}["']\]""")
_NO_SECRET = re.compile(
    r"\(sensitive\)|\(known after apply\)|\(not set\)|arn:aws[\w-]{0,20}:[\w-]{1,40}:[^\s]{0,2048}|resolve:\S{0,512}"
    r"|(?:null|none|true|false|yes|no|required|optional|enabled|disabled)|\$\w{1,128}|\$\([^\s'\"]{0,512}\)?|<\w{1,64}>",
    re.IGNORECASE,
)
_TYPE = re.compile(r"(?:module\.[^.\[\]]{1,256}(?:\[[^\]]{0,512}\])?\.){0,64}(?P<type>(?:data\.)?\w{1,256})\.")


@lru_cache(maxsize=65536)
def is_credential_name(name: str) -> bool:
    """Whether a value of this name is a credential: `DB_PASSWORD`, `apiKey`; not `SECRET_ARN` or `PASSWORD_LENGTH`."""
    return bool(_CREDENTIAL_NAME.search(name)) and not _REQUEST_TOKEN.search(name)


def is_random(text: str) -> bool:
    """Whether the whole text is one that a generator made: 32 characters or more without a pattern."""
    if not _LONG_RANDOM.fullmatch(text):
        return False
    bits = -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())
    kinds = ["digit" if one.isdigit() else "lower" if one.islower() else "other" for one in text]
    turns = sum(one != other for one, other in pairwise(kinds))
    return bits >= _RANDOM_BITS and turns >= _RANDOM_TURNS * len(text)


@lru_cache(maxsize=65536)
def masked_name(text: str) -> str:
    """A name (an address, a path) without what is a credential by its shape.

    Names that are long look random at times, and so only the key of an instance, in quotes, may be a secret access key.
    """
    if _HINT.search(text):
        text = _DECLARED_SENSITIVE.sub(MASK, text)
        for pattern in SHAPES.values():
            text = pattern.sub(MASK, text)
    return _FORTY_QUOTED.sub(_unless_plain, text) if '"' in text else text


@lru_cache(maxsize=65536)
def masked(text: str) -> str:
    """A sentence without what is a credential by its shape, the secret access keys of AWS included."""
    return _FORTY.sub(_unless_plain, masked_name(text))


def _unless_plain(match: re.Match[str]) -> str:
    return MASK if is_random(match[0]) else match[0]


def masked_value(value: Any, address: str, path: str) -> Any:
    """An observed JSON value without credentials: that of the attribute `path` of the resource at `address`."""
    if value is None or isinstance(value, bool):
        return value
    return _Masking(type_of(address)).value(value, re.sub(r"\[[^\]]*\]", "", path))


def type_of(address: str) -> str:
    """The type of the resource at an address, empty where it names none."""
    found = _TYPE.match(address)
    return found["type"] if found else ""


def is_sensitive(type_: str, path: str) -> bool:
    """Whether the attribute at a dotted path, without indexes, is a credential by its name or by the schema."""
    return is_credential_name(path.rpartition(".")[2]) or path in of_schema(type_)


def of_schema(type_: str) -> frozenset[str]:
    """Dotted paths of the attributes of a type that the provider's schema calls sensitive."""
    return data.sensitive_attributes().get(type_, frozenset())


def texts(value: Any) -> list[str]:
    """Every text in a JSON value that could be a credential of its own: keys are names."""
    if isinstance(value, dict):
        return [text for one in value.values() for text in texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    return [value] if isinstance(value, str) and len(value) >= SHORTEST else []


def without(text: str, hidden: Iterable[str]) -> str:
    """A text with each of the `hidden` texts masked where it stands by itself."""
    for one in sorted(hidden, key=len, reverse=True):
        if one in text:
            text = re.sub(rf"(?<!\w){re.escape(one)}(?!\w)", MASK, text)
    return text


class _Masking:
    """The values of one type of resource, by the paths of its attributes, without indexes."""

    def __init__(self, type_: str) -> None:
        self._type = type_

    def value(self, value: Any, path: str) -> Any:
        if isinstance(value, dict):
            return self._pair(value) or {masked(str(k)): self.value(v, f"{path}.{k}") for k, v in value.items()}
        if isinstance(value, list):
            return [self.value(one, path) for one in value]
        if is_sensitive(self._type, path):
            return _hidden(value)
        return _text(value, path.rpartition(".")[2])

    def _pair(self, value: dict[str, Any]) -> dict[str, Any] | None:
        """`{name: DB_PASSWORD, value: ...}`; None for what is no such pair, or one that is no secret."""
        named = next((value[key] for key in ("name", "key", "Name", "Key") if isinstance(value.get(key), str)), "")
        if not is_credential_name(named):
            return None
        return {k: _hidden(v) if k.lower() == "value" else _text(v, k) for k, v in value.items()}


def _text(value: Any, name: str) -> Any:
    """A text of the input: a script or a document, in which names and values stand, or a generated word."""
    if not isinstance(value, str):
        return value
    if is_random(value) and not CHECKSUM_NAME.search(name):
        return MASK
    return masked(_PAIR.sub(_paired, _ASSIGNED.sub(_assigned, value)))


def _assigned(match: re.Match[str]) -> str:
    if not is_credential_name(match["name"]):
        return match[0]
    return match[0][: match.start("value") - match.start()] + str(_hidden_quoted(match["value"]))


def _paired(match: re.Match[str]) -> str:
    return match[0] if not is_credential_name(match["name"]) else match["before"] + _hidden_quoted(match["value"])


def _hidden_quoted(value: str) -> str:
    """The same with its quotes, so that a document stays one."""
    plain = value.strip("\\\"'")
    hidden = _hidden(plain)
    return value if hidden == plain else value.replace(plain, str(hidden), 1)


def _hidden(value: Any) -> Any:
    """A value that stands where a credential does: the mask, unless it says only where the credential comes from."""
    if isinstance(value, dict):
        return {key: _hidden(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_hidden(one) for one in value]
    if value is None or isinstance(value, bool) or value == "":
        return value
    return value if isinstance(value, str) and names_a_source(value) else MASK


def names_a_source(text: str) -> bool:
    """Whether a text is no secret itself: an ARN, a word, an expression in which nothing is written out."""
    if masked(text) != text:
        return False
    if _NO_SECRET.fullmatch(text):
        return True
    inside = "".join(_EXPRESSION.findall(text))
    outside = _EXPRESSION.sub("", text)
    return bool(inside) and not re.search(r"\w", outside) and '"' not in _INDEX.sub("", inside)
