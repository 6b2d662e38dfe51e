"""What every test gets."""

import os

from hypothesis import settings

# The same examples every time, so that a red run is a red run for everybody; `long` looks for new ones.
# No deadline: machines are shared, and time is no verdict.
settings.register_profile("same", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("long", max_examples=2000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
