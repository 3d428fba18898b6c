"""Policies about secrets: where they are kept, how they change, and where they must not be."""
