"""The one exception that means "this input cannot be judged"."""


class InputError(Exception):
    """Input that Terraform would refuse, or that we cannot read whole. Ends the run with exit code 3.

    The message is one line: the file, the line or path inside it, and what is wrong.
    """
