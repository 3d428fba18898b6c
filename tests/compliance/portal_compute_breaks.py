"""What breaks the portal's compute."""

from tests.compliance.breaking import Break

BREAKS: tuple[Break, ...] = ()
