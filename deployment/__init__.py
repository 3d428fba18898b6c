"""Deploys a stack: nothing is applied that the gate did not judge.

`python -m deployment` judges the synthesized stack, plans, judges the plan, and applies exactly that plan. The
rehearsal goes the same way with an emulator of AWS; nothing in here knows of it.
"""
