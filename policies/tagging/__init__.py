"""Policies about tags."""
