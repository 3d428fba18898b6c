"""Rehearses a deployment: real Terraform and the real AWS provider, against moto's server on this machine.

`python -m rehearsal` applies every synthesized stack, plans again, judges plan and state, destroys, and looks for what
is left. Nothing here is part of the product: no stack knows that it is being rehearsed.
"""
