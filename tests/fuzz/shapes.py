"""Other ways to write the same configuration: what Terraform deploys is the same, so a verdict may not get better.

A shape changes a document in its plain form: `{"resource": {type: {name: body}}}`. Most shapes say the same to us as
well (`exact`), so that every verdict has to stay. The others hide something that no reader of configuration can work
out: there a verdict may become undetermined, a failure never a pass. `written` lays the result out in files.
"""

import copy
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from policies import strict_json
from policies.errors import InputError
from tests.fuzz.block_types import block_types

Body = dict[str, Any]
NOT_VALUES = frozenset({"//", "count", "for_each", "provider", "depends_on", "lifecycle", "provisioner", "connection"})
_SKIPPED = NOT_VALUES | {"dynamic"}
_BOUND = re.compile(r"\b(each|count|self)\.")
_PLAIN = re.compile(r'[^"\\$%\n]+')
_NUMBER = re.compile(r"0|[1-9]\d{0,8}")
_LAST = re.compile(r"\$\{((?:data\.)?aws_\w+\.[\w-]+(?:\[\d+\])?)\.(\w+)\}")
SOME = 0.4  # of the places where a shape could do something


@dataclass
class Variant:
    """A configuration on its way through several shapes; `names` and `keys` say what became of the addresses at first:
    the address of now without instance key, and the key that the resource got."""

    content: Body
    names: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    def where(self, address: str) -> str:
        """The address of now. A resource that got an instance key has that, those that had one keep it."""
        plain, bracket, key = address.partition("[")
        return self.names.get(plain, plain) + (bracket + key or self.keys.get(plain, ""))

    def renamed(self, old: str, new: str) -> None:
        """Notes another address."""
        self.names[self._at_first(old)] = new

    def keyed(self, address: str, key: str) -> None:
        """Notes an instance key."""
        self.keys[self._at_first(address)] = key

    def _at_first(self, address: str) -> str:
        return next((first for first, now in self.names.items() if now == address), address)


Shape = Callable[[Variant, random.Random], None]
EXACT: dict[str, Shape] = {}
HIDING: dict[str, Shape] = {}


def exact(change: Shape) -> Shape:
    """Registers a shape after which every verdict has to be the same."""
    EXACT[change.__name__] = change
    return change


def hiding(change: Shape) -> Shape:
    """Registers a shape after which a verdict may be undetermined: a value is hidden, or stands where few look."""
    HIDING[change.__name__] = change
    return change


def changed(content: Body, names: list[str], seed: int) -> Variant:
    """The content after these shapes, one after the other; the same for the same seed."""
    chance = random.Random(seed)
    variant = Variant(copy.deepcopy(content))
    for name in names:
        (EXACT | HIDING)[name](variant, chance)
    return variant


def resources(content: Body) -> Iterator[tuple[str, str, str, Body]]:
    """Kind, type, name and body of every resource and data source that is written plainly."""
    for kind in ("resource", "data"):
        types = content.get(kind)
        for type_, named in types.items() if isinstance(types, dict) else ():
            for name, body in named.items() if isinstance(named, dict) else ():
                if isinstance(body, dict):
                    yield kind, type_, name, body


def address_of(kind: str, type_: str, name: str) -> str:
    """As references have it."""
    return f"data.{type_}.{name}" if kind == "data" else f"{type_}.{name}"


def _known(kind: str, type_: str) -> frozenset[str]:
    return block_types().get(f"data.{type_}" if kind == "data" else type_, frozenset())


def blocks(content: Body) -> Iterator[tuple[Body, str]]:
    """Every nested block, or array of such, as what holds it and its name there."""
    for kind, type_, _, body in resources(content):
        yield from _nested(body, "", _known(kind, type_))


def _nested(body: Body, at: str, known: frozenset[str]) -> Iterator[tuple[Body, str]]:
    for name, value in list(body.items()):
        if f"{at}{name}" in known and isinstance(value, dict | list):
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, dict):
                    yield from _nested(one, f"{at}{name}.", known)
            yield body, name


def values(content: Body) -> Iterator[tuple[Any, Any]]:
    """Every attribute that takes an expression, and every element of one, as what holds it and its key there."""
    for _, holder, key in arguments(content):
        yield holder, key


def arguments(content: Body) -> Iterator[tuple[str, Any, Any]]:
    """The same, each with the outermost argument of its resource that it is in."""
    for kind, type_, _, body in resources(content):
        yield from _values(body, "", _known(kind, type_), "")


def _values(body: Body, at: str, known: frozenset[str], outermost: str) -> Iterator[tuple[str, Any, Any]]:
    for name, value in list(body.items()):
        if name in _SKIPPED:
            continue
        argument = outermost or name
        if f"{at}{name}" in known:
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, dict):
                    yield from _values(one, f"{at}{name}.", known, argument)
        else:
            yield argument, body, name
            for holder, key in _elements(value):
                yield argument, holder, key


def _elements(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _elements(value[key])


def _some(found: Iterator[Any], chance: random.Random) -> list[Any]:
    """A part of the places, at least one where there is one."""
    every = list(found)
    chosen = [one for one in every if chance.random() < SOME]
    return chosen or ([chance.choice(every)] if every else [])


def _in_strings(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {key: _in_strings(one, change) for key, one in value.items()}
    if isinstance(value, list):
        return [_in_strings(one, change) for one in value]
    return change(value) if isinstance(value, str) else value


def refer(content: Body, old: str, new: str) -> None:
    """Lets every reference to the address `old` say `new`."""
    pattern = re.compile(rf"(?<![\w.-]){re.escape(old)}(?![\w-])")

    def change(text: str) -> str:
        return pattern.sub(lambda _: new, text) if "${" in text or "%{" in text or text.startswith(old) else text

    for key in list(content):
        if key != "//":
            content[key] = _in_strings(content[key], change)


@exact
def other_order(variant: Variant, chance: random.Random) -> None:
    """Arguments, resources and types in another order."""

    def shuffled(value: Any) -> Any:
        if isinstance(value, list):
            return [shuffled(one) for one in value]
        if not isinstance(value, dict):
            return value
        items = list(value.items())
        chance.shuffle(items)
        return {key: shuffled(one) for key, one in items}

    variant.content = shuffled(variant.content)


@exact
def blocks_as_arrays(variant: Variant, chance: random.Random) -> None:
    """One block as an array of one, and an array of one as the block."""
    for body, name in _some(blocks(variant.content), chance):
        value = body[name]
        if isinstance(value, dict):
            body[name] = [value]
        elif len(value) == 1:
            body[name] = value[0]


@exact
def comments(variant: Variant, chance: random.Random) -> None:
    """`//` wherever a block may have it."""
    remark = {"metadata": {"path": "x/y"}, "http_tokens": "required"}
    for _, _, _, body in _some(resources(variant.content), chance):
        body.setdefault("//", chance.choice((remark, "encrypted = true", ["tags"], None)))
    for body, name in _some(blocks(variant.content), chance):
        for one in body[name] if isinstance(body[name], list) else [body[name]]:
            if isinstance(one, dict):
                one.setdefault("//", "see there")


@exact
def literals_as_expressions(variant: Variant, chance: random.Random) -> None:
    """`true` as `${true}`, text as `${"text"}`."""
    for holder, key in _some(values(variant.content), chance):
        value = holder[key]
        if isinstance(value, bool | int) or (isinstance(value, str) and _PLAIN.fullmatch(value)):
            holder[key] = f"${{{json.dumps(value, ensure_ascii=False)}}}"


@exact
def text_in_pieces(variant: Variant, chance: random.Random) -> None:
    """`required` as `re${"quired"}`."""
    for holder, key in _some(values(variant.content), chance):
        value = holder[key]
        if isinstance(value, str) and len(value) > 1 and _PLAIN.fullmatch(value):
            at = chance.randrange(1, len(value))
            holder[key] = f'{value[:at]}${{"{value[at:]}"}}'


@exact
def numbers_as_text(variant: Variant, chance: random.Random) -> None:
    """Numbers and switches as strings, which Terraform converts, and the other way round."""
    for holder, key in _some(values(variant.content), chance):
        value = holder[key]
        if isinstance(value, bool | int):
            holder[key] = json.dumps(value)
        elif isinstance(value, str) and (value in ("true", "false") or _NUMBER.fullmatch(value)):
            holder[key] = json.loads(value)


@exact
def through_locals(variant: Variant, chance: random.Random) -> None:
    """A value that a local holds, or a local that another local holds."""
    found = variant.content.setdefault("locals", {})
    if not isinstance(found, dict):
        return
    for holder, key in _some(values(variant.content), chance):
        value = holder[key]
        if value is None or _BOUND.search(json.dumps(value)) or "${local." in json.dumps(value):
            continue
        name = f"of_fuzz_{len(found)}"
        found[name] = value
        if chance.random() < 0.3:
            found[f"{name}_again"] = f"${{local.{name}}}"
            name += "_again"
        holder[key] = f"${{local.{name}}}"


@exact
def spaces_in_references(variant: Variant, chance: random.Random) -> None:
    """`${ aws_x.y.z }`."""
    for holder, key in _some(values(variant.content), chance):
        if isinstance(holder[key], str) and _LAST.fullmatch(holder[key]):
            holder[key] = f"${{{chance.choice((' ', chr(10), '  '))}{holder[key][2:-1]} }}"


@exact
def other_names(variant: Variant, chance: random.Random) -> None:
    """Resources under other names, and every reference with them."""
    for kind, type_, name, _ in _some(resources(variant.content), chance):
        old, new = address_of(kind, type_, name), f"{name}-{chance.choice('abcxyz')}_{chance.randrange(100)}"
        named = variant.content[kind][type_]
        if new in named or kind == "data":
            continue
        variant.content[kind][type_] = {new if one == name else one: body for one, body in named.items()}
        refer(variant.content, old, f"{type_}.{new}")
        variant.renamed(old, f"{type_}.{new}")


@exact
def unrelated_blocks(variant: Variant, chance: random.Random) -> None:
    """What has nothing to do with anything: other resources, outputs, variables, checks."""
    named = variant.content.setdefault("resource", {})
    if isinstance(named, dict):
        named.setdefault("terraform_data", {})[f"of_fuzz_{chance.randrange(9)}"] = {"input": "${timestamp()}"}
        named.setdefault("random_pet", {})["of_fuzz"] = {"length": 2}
    for kind, value in (
        ("output", {"of_fuzz": {"value": "${random_pet.of_fuzz.id}"}}),
        ("variable", {"of_fuzz": {"default": True}}),
        ("moved", [{"from": "random_pet.before", "to": "random_pet.of_fuzz"}]),
    ):
        if kind not in variant.content:
            variant.content[kind] = value


def _repeated(variant: Variant, chance: random.Random, argument: str, value: Any, key: str) -> None:
    for kind, type_, name, body in _some(resources(variant.content), chance):
        address = address_of(kind, type_, name)
        text = json.dumps({kind: one for kind, one in variant.content.items() if kind != "//"})
        of_many = re.search(rf"(?<![\w.-]){re.escape(address)}(\[|\.\*)", text)
        if "count" in body or "for_each" in body or of_many or kind == "data":
            continue
        refer(variant.content, address, address + key)
        body = variant.content[kind][type_][name]
        body[argument] = value
        variant.keyed(address, key)


@hiding
def counted(variant: Variant, chance: random.Random) -> None:
    """`count = 1`."""
    _repeated(variant, chance, "count", chance.choice((1, "1", "${1}", "${true ? 1 : 0}")), "[0]")


@hiding
def for_each_of_one(variant: Variant, chance: random.Random) -> None:
    """`for_each` over a map of one."""
    _repeated(variant, chance, "for_each", {"only": "x"}, '["only"]')


@hiding
def dynamic_blocks(variant: Variant, chance: random.Random) -> None:
    """Blocks that a `dynamic` block makes of a list that is written out."""
    for body, name in _some(blocks(variant.content), chance):
        written = body[name] if isinstance(body[name], list) else [body[name]]
        plain = all(isinstance(one, dict) and not _BOUND.search(json.dumps(one)) for one in written)
        if not written or not plain or "dynamic" in body:
            continue
        del body[name]
        made = [{"for_each": [0], "content": one} for one in written]
        body["dynamic"] = {name: made[0] if len(made) == 1 and chance.random() < 0.5 else made}


@exact
def documents_laid_out_anew(variant: Variant, chance: random.Random) -> None:
    """JSON in a string: other order, spaces, lists of one as the one, actions in other letters."""
    for holder, key in _some(values(variant.content), chance):
        document = _policy_document(holder[key])
        if document is None:
            continue
        statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
        for statement in statements:
            _lay_out(statement, chance)
        one = statements[0] if len(statements) == 1 and chance.random() < 0.5 else statements
        items = list({**document, "Statement": one}.items())
        chance.shuffle(items)
        holder[key] = json.dumps(dict(items), indent=chance.choice((None, 1)), ensure_ascii=chance.random() < 0.5)


def _lay_out(statement: Any, chance: random.Random) -> None:
    for element in ("Action", "Resource", "NotAction") if isinstance(statement, dict) else ():
        value = statement.get(element)
        if isinstance(value, str):
            statement[element] = [value]
        elif isinstance(value, list) and len(value) == 1:
            statement[element] = value[0]
        if element != "Resource" and isinstance(statement.get(element), str) and "${" not in statement[element]:
            service, colon, action = statement[element].partition(":")
            statement[element] = service + colon + (action.lower() if chance.random() < 0.5 else action)


def _policy_document(value: Any) -> Any:
    if not isinstance(value, str) or not value.lstrip().startswith("{"):
        return None
    try:
        document = strict_json.parse(value.encode(), "")
    except InputError:
        return None
    whole = isinstance(document, dict) and "RepeatedKeys" not in _types(document)
    return document if whole and document.get("Statement") else None


def _types(value: Any) -> set[str]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {type(value).__name__}.union(*map(_types, inner))


_AROUND = (
    *("try({0})", "coalesce({0})", "({0})", "nonsensitive({0})", "[{0}][0]", "true ? {0} : {0}", "element([{0}], 0)"),
    *('"${{{0}}}"', 'join("", [{0}])', 'format("%s", {0})', "var.of_fuzz ? {0} : {0}", 'lookup({{a = {0}}}, "a")'),
)


@hiding
def expressions_around_references(variant: Variant, chance: random.Random) -> None:
    """`${try(aws_x.y.z)}` and the like: the same value by way of a function."""
    for holder, key in _some(values(variant.content), chance):
        if isinstance(holder[key], str) and _LAST.fullmatch(holder[key]):
            holder[key] = "${" + chance.choice(_AROUND).format(holder[key][2:-1]) + "}"


@hiding
def attributes_by_index(variant: Variant, chance: random.Random) -> None:
    """`${(aws_x.y)["z"]}`; without the parentheses Terraform takes it for the key of an instance, and refuses it."""
    for holder, key in _some(values(variant.content), chance):
        if isinstance(holder[key], str):
            holder[key] = _LAST.sub(chance.choice((r'${(\1)["\2"]}', r"${(\1).\2}")), holder[key])


@hiding
def literals_in_functions(variant: Variant, chance: random.Random) -> None:
    """`${lower("optional")}`: nobody evaluates functions here."""
    for holder, key in _some(values(variant.content), chance):
        value = holder[key]
        if isinstance(value, bool | int) or (isinstance(value, str) and _PLAIN.fullmatch(value)):
            text = json.dumps(value, ensure_ascii=False)
            holder[key] = "${" + chance.choice(("coalesce({0})", "try({0})", "({0})", "[{0}][0]")).format(text) + "}"
        elif isinstance(value, list) and value and all(isinstance(one, str) and _PLAIN.fullmatch(one) for one in value):
            holder[key] = "${concat(" + json.dumps(value[:1]) + ", " + json.dumps(value[1:]) + ")}"


@hiding
def documents_encoded(variant: Variant, chance: random.Random) -> None:
    """A policy document as Terraform's `jsonencode` of the same."""
    for holder, key in _some(values(variant.content), chance):
        document = _policy_document(holder[key])
        if document is not None and "${" not in holder[key]:
            holder[key] = f"${{jsonencode({json.dumps(document)})}}"


@hiding
def counts_nobody_knows(variant: Variant, chance: random.Random) -> None:
    """A `count` that an input decides."""
    _repeated(variant, chance, "count", "${var.how_many}", "")


@hiding
def values_from_inputs(variant: Variant, chance: random.Random) -> None:
    """A value that is the default of a variable."""
    found = variant.content.setdefault("variable", {})
    for holder, key in _some(values(variant.content), chance) if isinstance(found, dict) else ():
        value = holder[key]
        if value is None or "${" in json.dumps(value) or "%{" in json.dumps(value):
            continue
        name = f"of_fuzz_{len(found)}"
        found[name] = {"default": copy.deepcopy(value)}  # the value itself may be changed further, a default may not
        holder[key] = f"${{var.{name}}}"


class Repeated:
    """An object in JSON with keys that may stand there more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self.pairs = pairs


def written(content: Body, seed: int) -> dict[str, str]:
    """The content in one or more files of a module: name -> JSON, by the ways that Terraform's syntax leaves open."""
    chance = random.Random(seed)
    parts = [content] if chance.random() < 0.5 else _split(content, chance)
    if chance.random() < 0.25:
        parts = _overridden(parts, chance)
    names = ["main.tf.json", "more.tf.json", "zz_override.tf.json"]
    return {name: _dumped(_labels(part, chance), chance) for name, part in zip(names, parts, strict=False) if part}


def _split(content: Body, chance: random.Random) -> list[Body]:
    """Blocks in either of two files."""
    halves: list[Body] = [{"//": content["//"]} if "//" in content else {}, {}]
    for kind, value in content.items():
        if kind in ("resource", "data") and isinstance(value, dict):
            for type_, named in value.items():
                for name, body in named.items() if isinstance(named, dict) else ():
                    half = chance.choice(halves)
                    half.setdefault(kind, {}).setdefault(type_, {})[name] = body
                if not isinstance(named, dict):
                    halves[0].setdefault(kind, {})[type_] = named
        elif kind != "//":
            halves[0][kind] = value
    return halves


def _overridden(parts: list[Body], chance: random.Random) -> list[Body]:
    """The first file says something else about an argument or two; an override file puts it right."""
    first = copy.deepcopy(parts[0])
    over: Body = {}
    for kind, type_, name, body in _some(resources(first), chance):
        names = [one for one in body if one not in _SKIPPED]
        if names:
            one = chance.choice(names)
            over.setdefault(kind, {}).setdefault(type_, {})[name] = {one: body[one]}
            if isinstance(body[one], str | bool | int):
                body[one] = "of-fuzz"
    return [first, parts[1] if len(parts) > 1 else {}, over]


def _labels(content: Body, chance: random.Random) -> Any:
    """Objects or arrays of objects at every level above a block, and keys that stand there twice."""

    def level(pairs: list[tuple[str, Any]], depth: int) -> Any:
        inner = [(key, one) if key == "//" or depth == 0 else (key, below(one, depth - 1)) for key, one in pairs]
        way = chance.random()
        if way < 0.2:
            return [Repeated([pair]) for pair in inner]
        if way < 0.3 and len(inner) > 1:
            return [Repeated(inner[:1]), Repeated(inner[1:])]
        return Repeated(inner)

    def below(value: Any, depth: int) -> Any:
        if not isinstance(value, dict):
            return value
        if depth < 0:
            return [value] if chance.random() < 0.3 else value
        return level(list(value.items()), depth)

    depths = {"resource": 2, "data": 2}
    pairs: list[tuple[str, Any]] = []
    for kind, value in content.items():
        if kind not in depths or not isinstance(value, dict):
            pairs.append((kind, value))
        elif chance.random() < 0.3:  # `resource` once for each type
            pairs += [(kind, below({type_: named}, depths[kind] - 1)) for type_, named in value.items()]
        else:
            pairs.append((kind, below(value, depths[kind] - 1)))
    return Repeated(pairs)


def _dumped(value: Any, chance: random.Random) -> str:
    """JSON, at times with every letter escaped, so that no reader finds a word in the bytes."""
    escaped = chance.random() < 0.3

    def text(one: str) -> str:
        if not escaped:
            return json.dumps(one, ensure_ascii=False)
        return '"' + "".join(f"\\u{ord(c):04x}" if ord(c) < 0x10000 else json.dumps(c)[1:-1] for c in one) + '"'

    def dump(one: Any) -> str:
        if isinstance(one, Repeated | dict):
            pairs = one.pairs if isinstance(one, Repeated) else one.items()
            return "{" + ", ".join(f"{text(key)}: {dump(inner)}" for key, inner in pairs) + "}"
        if isinstance(one, list):
            return "[" + ",\n ".join(map(dump, one)) + "]"
        return text(one) if isinstance(one, str) else json.dumps(one)

    return dump(value)
