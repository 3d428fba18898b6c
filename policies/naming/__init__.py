"""Policies about the names of resources."""
