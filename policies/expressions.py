"""Terraform's template strings: which parts are literal text, and what the `${...}` parts refer to.

This is a scanner, not an evaluator: it finds the traversals of an expression (`aws_kms_key.logs.arn`), knows what is
text, a function name, an object key or the variable of a `for`, and recognises the few expressions whose value is plain
to see (a literal, or one traversal and nothing else). All else stays an expression whose value nobody knows here.
Source: the native syntax specification of HCL 2 (expressions, templates) and Terraform's reference rules.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

Index = str | int
Part = str | int

_IDENTIFIER = re.compile(r"[^\W\d][\w-]*")
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_SPACE = re.compile(r"(?:[\s]|#[^\n]*|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_HEREDOC = re.compile(r"<<-?([^\W\d][\w-]*)\n")
_SIMPLE = re.compile(r"\$\{((?:data\.)?[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)+)\}")
_ATTRIBUTE = re.compile(r"\s*\.\s*([^\W\d][\w-]*)")
_OLD_INDEX = re.compile(r"\.(\d+)")
_SPLAT = re.compile(r"\.\*|\[\s*\*\s*\]")
_INDEX = re.compile(r"\[\s*(\d+)\s*\]")
_KEY = re.compile(r'\[\s*"([^"\\$%]*)"\s*\]')
_FOR = re.compile(r"\s*for\s+([^\W\d][\w-]*)(?:\s*,\s*([^\W\d][\w-]*))?\s+in\b")
_CALLED = re.compile(r"([\w-]+)\s*$")
_NAMES = re.compile(r"[^\W\d][\w-]*(?:\.[^\W\d][\w-]*)+")
_SENSITIVE = re.compile(r"(?:non)?sensitive\(([\w.-]+)\)")
_KEYWORDS = frozenset({"true", "false", "null", "for", "in", "if", "else", "endif", "endfor"})
_NOT_RESOURCES = frozenset({"var", "local", "module", "each", "count", "self", "path", "terraform"})
_OPENING = {"(": ")", "[": "]", "{": "}"}
MAX_DEPTH = 100  # of brackets, strings and heredocs in each other; nobody writes it, and Python's stack has an end


@dataclass(frozen=True, slots=True)
class Reference:
    """One traversal inside an expression.

    `subject` is what is referred to, as a Terraform address without module path: `aws_lb.web`, `aws_lb.web[0]`,
    `data.aws_caller_identity.current`, `module.network`, `var.suffix`, `local.tags`, `each.value`, `count.index`.
    `path` is the rest of the traversal: names and literal indexes; `"*"` stands for a splat or a computed index.
    """

    subject: str
    path: tuple[Part, ...] = ()

    @property
    def resource(self) -> str | None:
        """The resource address without instance key, or None when a variable, module or the like is meant."""
        if self.subject.partition(".")[0] in _NOT_RESOURCES:
            return None
        return self.subject.partition("[")[0]

    def __str__(self) -> str:
        text = self.subject
        for part in self.path:
            text += f"[{part}]" if isinstance(part, int) else "[*]" if part == "*" else f".{part}"
        return text


@dataclass(frozen=True, slots=True)
class Expression:
    """The text between `${` and `}`, or a `%{...}` directive, and the traversals it contains.

    `traversal` is set when the expression is one traversal and nothing else; `literal` (a one-element tuple, as None
    is a value too) when it is a literal.
    """

    text: str
    references: tuple[Reference, ...]
    traversal: Reference | None = None
    literal: tuple[str | int | float | bool | None] | None = None


Template = tuple[str | Expression, ...]


@lru_cache(maxsize=65536)
def template(text: str) -> Template:
    """Splits a string into literal text and expressions; the escapes `$${` and `%%{` become text.

    A string without markers gives one literal part. An expression that never ends counts to the end of the string:
    Terraform would refuse it, and it is unknown here.
    """
    simple = _SIMPLE.fullmatch(text)
    if simple and (reference := _reference(list(simple[1].split(".")))):
        return (Expression(simple[1], (reference,), reference),)
    return tuple(_template_parts(text))


def references(text: str) -> tuple[Reference, ...]:
    """All references in a template string, in their order."""
    if "${" not in text and "%{" not in text:
        return ()
    return tuple(r for part in template(text) if isinstance(part, Expression) for r in part.references)


def traversal(text: str) -> Reference | None:
    """Reads `text` as one traversal (as plans list them under "references"); None when it is not one."""
    return _expression(text).traversal


def _template_parts(text: str, depth: int = 0) -> Iterator[str | Expression]:
    literal = ""
    position = 0
    while position < len(text):
        marker = text[position : position + 2]
        if marker in ("${", "%{"):
            if literal.endswith(marker[0]) and text[position - 1 : position] == marker[0]:
                literal = literal[:-1] + marker  # "$${" is the text "${"
                position += 2
                continue
            if literal:
                yield literal
                literal = ""
            scanner = _Scanner(text, position + 2, depth)
            scanner.scan_until("}")
            end = scanner.position
            inner = text[position + 2 : end].strip().strip("~").strip()
            position = end + 1
            if marker == "${" and end < len(text):
                yield _expression(inner)
            else:
                yield Expression(marker + inner + "}", tuple(scanner.references))
        else:
            literal += text[position]
            position += 1
    if literal:
        yield literal


@lru_cache(maxsize=65536)
def _expression(text: str) -> Expression:
    if marked := _SENSITIVE.fullmatch(text):  # the same value, only hidden
        return replace(_expression(marked[1]), text=text)
    scanner = _Scanner(text, 0)
    scanner.scan_until("")
    found = tuple(scanner.references)
    if len(found) == 1 and scanner.spans == [(0, len(text))]:
        return Expression(text, found, traversal=found[0])
    return Expression(text, found, literal=None if found else _literal(text))


def _literal(text: str) -> tuple[str | int | float | bool | None] | None:
    constants: dict[str, bool | None] = {"true": True, "false": False, "null": None}
    if text in constants:
        return (constants[text],)
    if re.fullmatch(r"-?" + _NUMBER.pattern, text):
        return (float(text) if set(text) & set(".eE") else int(text),)
    if re.fullmatch(r'"[^"\\$%]*"', text):
        return (text[1:-1],)
    return None


class _Scanner:
    """One pass over an expression; collects references and the text span of each."""

    def __init__(self, text: str, position: int, depth: int = 0) -> None:
        self.text = text
        self.position = position
        self.depth = depth
        self.references: list[Reference] = []
        self.spans: list[tuple[int, int]] = []
        self._bound: list[set[str]] = []

    def scan_until(self, closing: str) -> None:
        """Moves to the `closing` bracket of the current level (or the end), reading everything before it.

        What is nested deeper than MAX_DEPTH reaches to the end: an expression of which nobody knows the value.
        """
        if self.depth + len(self._bound) >= MAX_DEPTH:
            named = (_reference(list(match[0].split("."))) for match in _NAMES.finditer(self.text, self.position))
            self.references += [reference for reference in named if reference]
            self.position = len(self.text)
            return
        at_key = False
        opened = closing == "}" and self.text[self.position - 1 : self.position] == "{"
        is_object = opened and not self._is_template_marker()
        bound = self._for_variables() if closing in ("]", "}") and not self._is_template_marker() else set()
        self._bound.append(bound)
        at_key = is_object and not bound
        while self.position < len(self.text):
            if space := _SPACE.match(self.text, self.position):
                at_key = at_key or (is_object and not bound and "\n" in space[0])
                self.position = space.end()
                continue
            character = self.text[self.position]
            if character == closing:
                break
            if character == '"':
                self._string()
            elif heredoc := _HEREDOC.match(self.text, self.position):
                self._heredoc(heredoc)
            elif character in _OPENING:
                self._brackets(character)
            elif identifier := _IDENTIFIER.match(self.text, self.position):
                self._identifier(identifier, at_key)
            elif number := _NUMBER.match(self.text, self.position):
                self.position = number.end()
            else:
                self.position += 1
            at_key = is_object and not bound and character == ","
        self._bound.pop()

    def _brackets(self, opening: str) -> None:
        """`(...)` and the like. What follows `(aws_x.y)` belongs to the reference: `(aws_x.y)["z"]`."""
        inner, before = self.position + 1, len(self.references)
        called = _CALLED.search(self.text[max(0, self.position - 80) : self.position])
        plain = opening == "(" and (called is None or called[1] in _KEYWORDS)
        self.position = inner
        self.scan_until(_OPENING[opening])
        is_one = len(self.references) == before + 1 and self.text[inner : self.position].strip() == self._last_text()
        self.position += 1
        further = self._traversal_parts()
        if plain and is_one:
            named = (str(part) if isinstance(part, str) else part for part in further)
            self.references[-1] = replace(self.references[-1], path=(*self.references[-1].path, *named))

    def _last_text(self) -> str:
        """The text of the last traversal that was read."""
        return self.text[slice(*self.spans[-1])] if self.spans else ""

    def _is_template_marker(self) -> bool:
        return self.position >= 2 and self.text[self.position - 2] in "$%" and self.text[self.position - 1] == "{"

    def _for_variables(self) -> set[str]:
        """The names that `for k, v in` at the current position binds; the position stays."""
        match = _FOR.match(self.text, self.position)
        return {name for name in match.groups() if name} if match else set()

    def _string(self) -> None:
        self.position += 1
        while self.position < len(self.text) and self.text[self.position] != '"':
            marker = self.text[self.position : self.position + 2]
            if marker[0] == "\\":
                self.position += 2
            elif marker in ("${", "%{") and self.text[self.position - 1] != marker[0]:
                self.position += 2
                self.scan_until("}")
                self.position += 1
            else:
                self.position += 1
        self.position += 1
        self._trailing_traversal()

    def _heredoc(self, opening: re.Match[str]) -> None:
        ending = re.compile(rf"^[ \t]*{re.escape(opening[1])}[ \t]*$", re.MULTILINE)
        end = ending.search(self.text, opening.end())
        body = self.text[opening.end() : end.start() if end else len(self.text)]
        self.references += [
            r
            for part in _template_parts(body, self.depth + len(self._bound))
            if isinstance(part, Expression)
            for r in part.references
            if not self._is_bound(r.subject)
        ]
        self.position = end.end() if end else len(self.text)

    def _identifier(self, match: re.Match[str], at_key: bool) -> None:
        start = self.position
        name = match[0]
        self.position = match.end()
        following = _SPACE.sub("", self.text[self.position : self.position + 80])[:2]
        if name in _KEYWORDS or following[:1] == "(":
            return
        if following == "::":  # provider::aws::arn_parse(...)
            namespaced = re.compile(r"(::[\w-]+)+").match(self.text, self.position)
            self.position = namespaced.end() if namespaced else self.position + 2
            return
        if at_key and following[:1] in ("=", ":") and following != "==":
            return
        parts: list[Part] = [name, *self._traversal_parts()]
        reference = None if self._is_bound(name) else _reference(parts)
        if reference:
            self.references.append(reference)
            self.spans.append((start, self.position))

    def _trailing_traversal(self) -> None:
        """After a closing bracket or quote: attribute names that are no references of their own."""
        for _ in self._traversal_parts():
            pass

    def _traversal_parts(self) -> list[Part]:
        parts: list[Part] = []
        while self.position < len(self.text):
            if match := _ATTRIBUTE.match(self.text, self.position):
                parts.append(match[1])
            elif match := _OLD_INDEX.match(self.text, self.position):
                parts.append(int(match[1]))
            elif match := _SPLAT.match(self.text, self.position):
                parts.append("*")
            elif match := _INDEX.match(self.text, self.position):
                parts.append(int(match[1]))
            elif match := _KEY.match(self.text, self.position):
                parts.append(_Key(match[1]))
            elif self.text[self.position] == "[":
                self.position += 1
                self.scan_until("]")
                self.position += 1
                parts.append("*")
                continue
            else:
                break
            self.position = match.end()
        return parts

    def _is_bound(self, name: str) -> bool:
        return any(name.partition(".")[0] in bound for bound in self._bound)


class _Key(str):
    """A literal string index: `x["key"]`, where `x.key` would be an attribute name."""


def _reference(parts: list[Part]) -> Reference | None:
    """Splits a traversal into what it refers to and the rest, by Terraform's rules for addresses."""
    names = 3 if parts[0] == "data" else 2
    if len(parts) < names or not all(isinstance(p, str) and p != "*" for p in parts[:names]):
        return None
    subject = ".".join(str(part) for part in parts[:names])
    rest = parts[names:]
    if rest and str(parts[0]) not in _NOT_RESOURCES - {"module"}:
        if isinstance(rest[0], int):
            subject += f"[{rest.pop(0)}]"
        elif isinstance(rest[0], _Key):
            subject += f'["{rest.pop(0)}"]'
        elif rest[0] == "*":
            rest.pop(0)
    return Reference(subject, tuple(str(part) if isinstance(part, str) else part for part in rest))
