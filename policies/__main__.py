"""The command line: arguments in, findings and an exit code out. See `python -m policies --help`."""

import gc
import os
import sys
from collections.abc import Sequence

from policies import commands
from policies.errors import InputError
from policies.masking import masked
from policies.result import NOT_JUDGED
from policies.visible import visible


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    options = commands.parse(given)
    gc.disable()  # one short run: what it builds it needs until its end, and looking for garbage costs a third of it
    try:
        return commands.command(options.command).run(options)
    except InputError as error:
        message = f"policies: {error}"
    except Exception as error:
        if os.environ.get("POLICIES_TRACEBACK"):
            raise
        message = f"policies: internal error: {type(error).__name__}: {error} (POLICIES_TRACEBACK=1 shows where)"
    print(visible(masked(" ".join(message.splitlines()))), file=sys.stderr)  # it quotes input, which may hold anything
    return NOT_JUDGED


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # all is written; taking a large graph apart object by object would only keep the caller waiting
