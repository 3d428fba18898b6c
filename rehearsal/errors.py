"""The one exception that means "nothing could be rehearsed"."""


class NotRehearsedError(Exception):
    """No rehearsal took place or it could not go on: bad input, a missing tool. Ends the run with exit code 3.

    The message is one line: what is wrong, and where.
    """
