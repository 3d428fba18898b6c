"""Policies about buckets."""
