"""What breaks the portal's operations."""

from tests.compliance.breaking import Break

BREAKS: tuple[Break, ...] = ()
