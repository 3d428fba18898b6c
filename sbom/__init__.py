"""The software bill of materials: what judges, what tests, and what is shipped into AWS; with digests and licences.

It reads what other steps leave behind, Pipfile.lock, the synthesized stacks and the zips, and imports none of them.
"""
