"""Policies about encryption, keys and access."""
