"""What breaks the portal's delivery."""

from tests.compliance.breaking import Break

BREAKS: tuple[Break, ...] = ()
