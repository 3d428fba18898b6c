"""Policies about shared file systems."""
