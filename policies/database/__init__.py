"""Policies about database clusters and instances."""
