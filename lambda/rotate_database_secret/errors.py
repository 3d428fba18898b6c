"""The errors a step of the rotation ends with."""


class RotationError(Exception):
    """A step cannot be completed; the message says why, and never holds a secret."""


class LoginRefusedError(RotationError):
    """The database answered, and does not accept this user with this password."""
