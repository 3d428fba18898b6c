"""Refuses data about PCI DSS that would mislead an assessor: wrong numbers, missing sources, silent gaps, big words."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from compliance.entity import UNKNOWN, Effect, Fact, as_written
from compliance.landscape import ARTEFACTS
from compliance.requirements import DATA_FOLDER, OWNERS, Edge, Framework, Requirement, file_of, is_section
from compliance.verdict import EXTENTS, Verdict
from policies.model import Policy

# A number as the standard prints them; "TLS 1.2", "version 3.2.1" and the standard's own "PCI DSS 4.0" are none.
_NUMBER = re.compile(r"(?<![\w.-])(?<!TLS )(?<!version )(?!(?<=DSS )4\.0)(?:A\d|\d{1,2})(?:\.\d{1,2}){1,4}(?!\w|\.\d)")
_SOURCE = re.compile(
    r"(?P<hub>AWS Security Hub) [A-Z]\w+\.\d+(?:,? \S.*)?"
    r"|AWS Config conformance pack for PCI DSS 4\.0(?:,? \S.*)?"
    r"|own rationale(?: \S.*)?"
    r"|\S.*: own rationale"
)
_CONTROL = re.compile(r"\b[A-Z]\w+\.\d+\b")
# What the assessor finds, or what is over: our texts say neither.
_CLAIMS = re.compile(
    r"\b(?:(?:non-?)?compliant|compl(?:y|ies|ied) with|in place|certif(?:y|ies|ied)|future-dated|best practice)\b",
    re.IGNORECASE,
)
MIN_PARAPHRASE_WORDS = 8  # fewer do not let an assessor recognise a requirement
EFFECT_VERDICTS: tuple[Verdict, ...] = (
    "contradicts",
    "candidate not applicable",
    "not decidable from configuration",
)
_SENTENCE_END = re.compile(r"(?<=[.;:])\s")


def requirement_numbers(text: str) -> list[str]:
    """The numbers in `text` that read as identifiers of the standard."""
    return _NUMBER.findall(text)


@dataclass(frozen=True)
class FalseFriend:
    """A number whose topic moved between version 3.2.1 and 4.0.1; see false_friends.toml."""

    old: tuple[str, ...]
    words: tuple[str, ...]
    now: tuple[str, ...]
    means: str

    @cached_property
    def _topic(self) -> re.Pattern[str]:
        return re.compile(r"\b(?:" + "|".join(map(re.escape, self.words)) + ")", re.IGNORECASE)

    def misleads(self, number: str, text: str) -> bool:
        """`text` speaks of the topic, and `number` is where version 3.2.1 had it."""
        return _is_below(number, self.old) and not _is_below(number, self.now) and bool(self._topic.search(text))


def false_friends() -> tuple[FalseFriend, ...]:
    """The table of moved topics."""
    with (DATA_FOLDER / "false_friends.toml").open("rb") as file:
        rows = tomllib.load(file)["false_friend"]
    return tuple(FalseFriend(tuple(row["old"]), tuple(row["words"]), tuple(row["now"]), row["means"]) for row in rows)


def problems(framework: Framework, policies: Iterable[Policy]) -> list[str]:
    """Everything wrong with the data, one line each; empty when it is sound."""
    catalogue = {policy.id: policy for policy in policies}
    friends = false_friends()
    return [
        *_description_problems(framework),
        *_paraphrase_problems(framework.described, friends),
        *_fact_problems(framework),
        *_edge_problems(framework, catalogue),
        *_source_problems(framework),
        *_duplicate_edges(framework.edges),
        *_unclaimed_problems(framework, catalogue),
        *_check_title_problems(framework),
        *_text_problems(framework, friends),
        *_false_friend_edges(framework, catalogue, friends),
    ]


def _is_below(number: str, ancestors: Iterable[str]) -> bool:
    return any(number == ancestor or number.startswith(ancestor + ".") for ancestor in ancestors)


def _description_problems(framework: Framework) -> Iterator[str]:
    known = set(framework.identifiers)
    sections = {id_ for id_ in known if is_section(id_)}
    ids = [requirement.id for requirement in framework.described]
    for id_, times in Counter(ids).items():
        if times > 1:
            yield f"{file_of(id_)}: {id_} is described {times} times"
    for id_ in sorted(set(ids) - (known - sections)):
        yield f"{file_of(id_)}: {id_} is not a requirement of the standard"
    for id_ in sorted(known - sections - set(ids)):
        yield f"{file_of(id_)}: {id_} is not described"
    for id_ in sorted(sections ^ set(framework.sections)):
        yield f"groups.toml: section {id_} is {'untitled' if id_ in sections else 'unknown'}"
    for requirement in framework.described:
        where = f"{file_of(requirement.id)}: {requirement.id}"
        if requirement.extent not in EXTENTS:
            yield f"{where}: extent is {requirement.extent!r}, expected one of {', '.join(EXTENTS)}"
        if requirement.owner not in OWNERS:
            yield f"{where}: owner is {requirement.owner!r}, expected one of {', '.join(OWNERS)}"
        if not requirement.paraphrase.strip() or not requirement.manual.strip():
            yield f"{where}: paraphrase and manual must not be empty"
        if requirement.candidate_not_applicable and requirement.extent != "none":
            yield f"{where}: a candidate for not applicable has the extent none"


def _paraphrase_problems(described: Iterable[Requirement], friends: tuple[FalseFriend, ...]) -> Iterator[str]:
    first: dict[str, str] = {}
    for requirement in described:
        where = f"{file_of(requirement.id)}: {requirement.id}"
        words = requirement.paraphrase.split()
        if len(words) < MIN_PARAPHRASE_WORDS:
            yield f"{where}: the paraphrase has {len(words)} words, expected at least {MIN_PARAPHRASE_WORDS}"
        same = first.setdefault(" ".join(words).lower(), requirement.id)
        if same != requirement.id:
            yield f"{where}: the paraphrase is that of {same}"
        yield from _mistaken(where, requirement.id, requirement.paraphrase, friends)


def _fact_problems(framework: Framework) -> Iterator[str]:
    facts = {fact.id: fact for fact in framework.facts}
    for id_, times in Counter(fact.id for fact in framework.facts).items():
        if times > 1:
            yield f"facts.toml: {id_} is asked {times} times"
        if all(effect.fact != id_ for effect in framework.effects):
            yield f"facts.toml: nothing follows from {id_}"
    for fact in framework.facts:
        if not fact.asks.endswith(("?", ".")) or len(fact.values) < 2 or UNKNOWN in fact.values:
            yield f"facts.toml: {fact.id}: expected a question and two or more values, {UNKNOWN} not among them"
        for value in fact.refuted_by:
            if value not in fact.values:
                yield f"facts.toml: {fact.id} is refuted where it is {value}, which is no value of it"
    for effect in framework.effects:
        yield from _effect_problems(effect, facts.get(effect.fact), framework.identifiers)


def _effect_problems(effect: Effect, fact: Fact | None, identifiers: Iterable[str]) -> Iterator[str]:
    where = f"facts.toml: effect of {effect.fact} = {', '.join(map(as_written, effect.values))}"
    requirements = {id_ for id_ in identifiers if not is_section(id_)}
    if fact is None:
        yield f"{where}: unknown fact"
    else:
        for value in effect.values:
            if (type(value), value) not in [(type(one), one) for one in fact.values]:
                yield f"{where}: {as_written(value)} is no value of {fact.id}"
    if effect.verdict not in EFFECT_VERDICTS:
        yield f"{where}: the verdict is {effect.verdict!r}, expected one of {', '.join(EFFECT_VERDICTS)}"
    if not effect.reason.endswith(".") or not effect.values or not effect.requirements:
        yield f"{where}: values, requirements and a reason that ends with a period are needed"
    for id_, times in Counter(effect.requirements).items():
        if id_ not in requirements:
            yield f"{where}: {id_} is not a requirement of the standard"
        if times > 1:
            yield f"{where}: {id_} is listed {times} times"


def _edge_problems(framework: Framework, catalogue: dict[str, Policy]) -> Iterator[str]:
    described = {requirement.id: requirement for requirement in framework.described}
    for edge in framework.edges:
        where = f"edges.toml: {edge.requirement}"
        if edge.requirement not in framework.identifiers:
            yield f"{where}: is not an identifier of the standard"
        elif is_section(edge.requirement):
            yield f"{where}: is a section heading; nothing is assessed against it"
        elif edge.requirement in described and _reaches_further(edge, described[edge.requirement]):
            yield f"{where}: {edge.extent} evidence, but the requirement's extent is less"
        if edge.extent not in EXTENTS or edge.extent == "none":
            yield f"{where}: extent is {edge.extent!r}, expected full, partial or supporting"
        if not edge.source.strip():
            yield f"{where}: {_named(edge)}: the source of the mapping is missing"
        if edge.extent != "full" and not edge.note.strip():
            yield f"{where}: {_named(edge)}: {edge.extent} evidence needs a note on its limits"
        if not edge.ids and not edge.artefacts:
            yield f"{where}: an edge without policies, checks and artefacts"
        if edge.ids and edge.artefacts:
            yield f"{where}: artefacts judge nothing, so they have an edge of their own"
        if edge.artefacts and edge.extent == "full":
            yield f"{where}: {', '.join(edge.artefacts)}: artefacts judge nothing, so they are never full evidence"
        for name in edge.artefacts:
            if name not in ARTEFACTS:
                yield f"{where}: unknown artefact {name}, expected one of {', '.join(ARTEFACTS)}"
        for id_ in edge.policies:
            if id_ not in catalogue:
                yield f"{where}: unknown policy {id_}"
        for id_ in edge.checks:
            if id_ not in framework.checks:
                yield f"{where}: {id_} has no title in checkov_checks.toml"


def _source_problems(framework: Framework) -> Iterator[str]:
    """Each source is a control with a label for this very requirement, the conformance pack, or our own rationale."""
    known = set(framework.identifiers)
    for control, labels in framework.security_hub.items():
        for id_ in sorted(set(labels) - known):
            yield f"security_hub.toml: {control}: {id_} is not an identifier of the standard"
    for edge in framework.edges:
        where = f"edges.toml: {edge.requirement}"
        for part in filter(None, (part.strip() for part in edge.source.split(";"))):
            form = _SOURCE.fullmatch(part)
            if form is None:
                yield f"{where}: {part!r} is no form of source (see the head of edges.toml)"
            for control in _CONTROL.findall(part) if form and form["hub"] else ():
                if edge.requirement not in framework.security_hub.get(control, ()):
                    yield f"{where}: the Security Hub control {control} has no label for this requirement"


def _named(edge: Edge) -> str:
    return ", ".join((*edge.ids, *edge.artefacts))


def _reaches_further(edge: Edge, requirement: Requirement) -> bool:
    """Evidence claims more than configuration can show; unknown words are reported where they stand."""
    if edge.extent not in EXTENTS or requirement.extent not in EXTENTS:
        return False
    return EXTENTS.index(edge.extent) > EXTENTS.index(requirement.extent)


def _duplicate_edges(edges: Iterable[Edge]) -> Iterator[str]:
    pairs = Counter((edge.requirement, id_) for edge in edges for id_ in (*edge.ids, *edge.artefacts))
    for (requirement, id_), times in pairs.items():
        if times > 1:
            yield f"edges.toml: {requirement}: {id_} is mapped {times} times"


def _unclaimed_problems(framework: Framework, catalogue: dict[str, Policy]) -> Iterator[str]:
    claimed = {id_ for edge in framework.edges for id_ in edge.policies}
    excused = Counter(id_ for entry in framework.unclaimed for id_ in entry.policies)
    for id_ in sorted(set(catalogue) - claimed - set(excused)):
        yield f"edges.toml: no requirement claims the policy {id_}, and no [[unclaimed]] entry says why"
    for id_, times in excused.items():
        if times > 1:
            yield f"edges.toml: {id_} is unclaimed {times} times"
        if id_ in claimed:
            yield f"edges.toml: {id_} is both claimed and unclaimed"
    for entry in framework.unclaimed:
        if not entry.reason.strip():
            yield f"edges.toml: unclaimed {', '.join(entry.policies)}: the reason is missing"
        for id_ in entry.policies:
            if entry.engine_level and id_ in catalogue:
                yield f"edges.toml: {id_} is marked engine_level, but the catalogue holds it"
            if not entry.engine_level and id_ not in catalogue:
                yield f"edges.toml: unclaimed: unknown policy {id_}"


def _check_title_problems(framework: Framework) -> Iterator[str]:
    used = {id_ for edge in framework.edges for id_ in edge.checks}
    for id_ in sorted(set(framework.checks) - used):
        yield f"checkov_checks.toml: {id_} is mapped to no requirement"


def _texts(framework: Framework) -> Iterator[tuple[str, str]]:
    """Every sentence of ours that the report prints, with the place it stands."""
    for group in framework.groups:
        yield f"groups.toml: {group.id}", f"{group.title}. {group.note}"
    for section, title in framework.sections.items():
        yield f"groups.toml: {section}", title
    for row in framework.described:
        text = f"{row.paraphrase} {row.manual} {row.candidate_not_applicable}"
        yield f"{file_of(row.id)}: {row.id}", text
    for fact in framework.facts:
        yield f"facts.toml: {fact.id}", fact.asks
    for effect in framework.effects:
        yield f"facts.toml: effect of {effect.fact}", effect.reason
    for edge in framework.edges:
        yield f"edges.toml: {edge.requirement}", f"{edge.note} {edge.source}"
    for entry in framework.unclaimed:
        yield f"edges.toml: unclaimed {', '.join(entry.policies)}", entry.reason


def _text_problems(framework: Framework, friends: tuple[FalseFriend, ...]) -> Iterator[str]:
    for where, text in _texts(framework):
        for claim in _CLAIMS.findall(text):
            yield f"{where}: {claim!r} is for others to say"
        for sentence in _SENTENCE_END.split(text):
            for number in requirement_numbers(sentence):
                if number not in framework.identifiers:
                    yield f"{where}: {number} is not an identifier of the standard"
                yield from _mistaken(where, number, sentence, friends)


def _false_friend_edges(
    framework: Framework, catalogue: dict[str, Policy], friends: tuple[FalseFriend, ...]
) -> Iterator[str]:
    for edge in framework.edges:
        for id_ in edge.ids:
            title = catalogue[id_].title if id_ in catalogue else framework.checks.get(id_, "")
            topic = f"{id_.replace('-', ' ')} {title}"
            yield from _mistaken(f"edges.toml: {id_}", edge.requirement, topic, friends)


def _mistaken(where: str, number: str, text: str, friends: tuple[FalseFriend, ...]) -> Iterator[str]:
    for friend in friends:
        if friend.misleads(number, text):
            yield (
                f"{where}: {number} is the number of version 3.2.1 for this; 4.0.1 has it at "
                f"{' or '.join(friend.now)} ({number} now means: {friend.means})"
            )
