"""Policies about instances and their launch templates."""
