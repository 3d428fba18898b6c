"""The one error a step of the rotation ends with."""


class RotationError(Exception):
    """A step cannot be completed; the message says why, and never holds a secret."""
