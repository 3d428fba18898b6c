"""Prints a script that completes the commands of `python -m policies` in bash or zsh.

It holds the options of every command, the ids of the policies, and the stacks that are known when it is made: make it
anew when policies come.
"""

import argparse
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

from policies import commands, requirements, specifications
from policies.commands import judging, output
from policies.formats import FORMATS
from policies.registry import catalogue
from policies.result import PASSED

EXAMPLES = """\
examples:
  source <(python -m policies completion bash)
  python -m policies completion bash > ~/.local/share/bash-completion/completions/python
  source <(python -m policies completion zsh)      # after compinit
"""

_FILES = "-files-"  # stands for "names of files" in what _policies_words prints
_PROGRAMS = "python python3 python3.11"

_BASH = f"""\
_policies_bash() {{
  COMPREPLY=()
  [[ ${{COMP_WORDS[1]-}} == -m && ${{COMP_WORDS[2]-}} == policies ]] || return 0
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} command= words
  if [[ $current == = ]]; then current=; elif [[ $previous == = ]]; then previous=${{COMP_WORDS[COMP_CWORD-2]}}; fi
  (( COMP_CWORD > 3 )) && command=${{COMP_WORDS[3]}}
  (( COMP_CWORD >= 3 )) || return 0
  words=$(_policies_words "$command" "$previous" "$current")
  [[ $words == {_FILES} ]] && return 0
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
complete -o default -F _policies_bash {_PROGRAMS}
"""

_ZSH = f"""\
_policies_zsh() {{
  if [[ ${{words[2]-}} != -m || ${{words[3]-}} != policies ]] || (( CURRENT < 4 )); then
    autoload -Uz _python && _python
    return
  fi
  local command= found
  (( CURRENT > 4 )) && command=${{words[4]}}
  found=$(_policies_words "$command" "${{words[CURRENT-1]}}" "${{words[CURRENT]}}")
  if [[ $found == {_FILES} ]]; then _files; else compadd -- ${{(f)found}}; fi
}}
compdef _policies_zsh {_PROGRAMS}
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares which shell."""
    parser.add_argument("shell", choices=("bash", "zsh"), help="whose script")


def run(options: argparse.Namespace) -> int:
    """Writes the script."""
    head = f"# Completes `python -m policies` in {options.shell}: source it. Made by `policies completion`.\n"
    output.write(head + _words() + (_BASH if options.shell == "bash" else _ZSH))
    return PASSED


def _words() -> str:
    """A function of both shells: the command, the word before and the word itself -> what may stand there, in lines."""
    parsers = commands.subparsers(commands.parser(commands.COMMANDS))
    lines = ["_policies_words() {", '  case "$1 $2" in']
    for name, subparser in parsers.items():
        for action in subparser._actions:
            if action.option_strings and action.nargs != 0:
                patterns = "|".join(shlex.quote(f"{name} {flag}") for flag in action.option_strings)
                lines.append(_case(patterns, _values(action)))
    lines += ["  esac", '  case "$1 $3" in', _case('" "*', commands.COMMANDS)]
    for name, subparser in parsers.items():
        flags = (flag for action in subparser._actions for flag in action.option_strings)
        lines.append(_case(f'"{name} -"*', flags))
    for name, subparser in parsers.items():
        lines.append(_case(f'"{name} "*', _positional(subparser)))
    return "\n".join([*lines, "  esac", "}"]) + "\n"


def _case(pattern: str, words: Iterable[str]) -> str:
    printed = " ".join(shlex.quote(word) for word in words)
    return f"    {pattern}) printf '%s\\n' {printed}; return ;;" if printed else f"    {pattern}) return ;;"


def _positional(parser: argparse.ArgumentParser) -> Iterator[str]:
    """What the arguments without a name may be; the first that is not a file tells."""
    actions = [action for action in parser._actions if not action.option_strings]
    words = [word for action in actions for word in _values(action) if word != _FILES]
    yield from words or [_FILES]


def _values(action: argparse.Action) -> list[str]:
    """The words that an argument takes; the names of files where it takes these, nothing where anything goes."""
    if action.choices is not None:
        return [str(choice) for choice in action.choices]
    if action.dest == "policy":
        return [policy.id for policy in catalogue()]
    if action.dest == "stack":
        return sorted({*specifications.read_all(catalogue()), *_synthesized()})
    if action.dest == "type":
        return sorted({type_ for policy in catalogue() for type_ in policy.applies_to} - {"*"})
    if action.dest == "requirement":
        return list(dict.fromkeys(edge.requirement for edge in requirements.edges()))
    if action.dest == "format":
        return list(FORMATS)
    return [_FILES] if action.type is Path or action.dest in ("names", "inputs") else []


def _synthesized() -> list[str]:
    folder = judging.DEFAULT_PATH / "stacks"
    return [one.name for one in folder.iterdir() if one.is_dir()] if folder.is_dir() else []
