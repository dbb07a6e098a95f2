"""`python -m prompt2data.models`: fetch the embedded models."""

import sys

from prompt2data.models import main

sys.exit(main())
