"""Probes what a region serves from, remembers what it saw, and says when the region goes down or comes back."""
