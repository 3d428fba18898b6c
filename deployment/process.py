"""Child processes in a group of their own, which never outlives the block that started it."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence


@contextlib.contextmanager
def started(
    command: Sequence[str], environment: Mapping[str, str], *, output: int, errors: int
) -> Iterator[subprocess.Popen[str]]:
    """The running command; when the block ends, it and everything that it started is ended.

    `output` and `errors` are file descriptors, or what `subprocess` takes in their place.
    """
    process = subprocess.Popen(
        list(command),
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        text=True,
        errors="replace",
        start_new_session=True,  # Ctrl-C is ours to answer; and what it starts can be ended with it
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
