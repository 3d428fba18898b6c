"""Loads the project's own pytest plugin: `pytest --stack portal`, and fixtures to test infrastructure with."""

pytest_plugins = ["policies.pytest_plugin"]
