"""`python -m pipeline` is the same program as `depesche`."""

import sys

from pipeline.cli import main

sys.exit(main())
