import os

from hypothesis import HealthCheck, settings

# make fuzz: many more inputs of the same tests
settings.register_profile(
    "fuzz", max_examples=int(os.environ.get("FUZZ_EXAMPLES", "100")), deadline=None, suppress_health_check=list(HealthCheck)
)
