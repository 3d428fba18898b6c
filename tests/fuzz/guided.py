"""One reader under atheris: libFuzzer mutates its input, guided by which edges of our code it reaches.

`python -m tests.fuzz.guided READER LIBFUZZER_ARGUMENTS`; libFuzzer ends the process, so each reader has one of its own.
"""

import sys

import atheris

with atheris.instrument_imports(include=["policies", "compliance"]):
    from policies.registry import catalogue
    from tests.fuzz.readers import JUDGING, READERS

    if sys.argv[1] in JUDGING:
        catalogue()  # imports the policies, which are to be watched as well


def main(reader: str, arguments: list[str]) -> None:
    """Never returns."""
    atheris.Setup([sys.argv[0], *arguments], READERS[reader].__call__)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
