"""Where `python3 portal_application.zip` enters."""

import sys

from portal.service import main

sys.exit(main())
