"""Policies about what may be destroyed, and what must not be."""
