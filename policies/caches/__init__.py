"""Policies about caches in memory."""
