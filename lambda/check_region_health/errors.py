"""The one error an invocation ends with."""


class MonitorError(Exception):
    """The monitor itself failed: what it should know is undetermined, and the invocation ends in an error."""
