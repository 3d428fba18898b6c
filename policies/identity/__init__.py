"""Policies about roles: what they allow, and to whom."""
