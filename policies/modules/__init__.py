"""Policies about what the input does not show."""
