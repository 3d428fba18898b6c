"""Policies about where and by what a stack is deployed."""
