"""`python -m twinledger.sandbox`."""

import sys

from .program import main

sys.exit(main())
