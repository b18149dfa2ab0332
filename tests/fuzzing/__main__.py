import sys

if "listener" in sys.argv:  # it imports Locust, which patches the standard library: that must be the first thing of all
    from gevent import monkey

    monkey.patch_all()

from tests.fuzzing.run import main
from tests.fuzzing.targets import TARGETS

if __name__ == "__main__":
    sys.exit(main(TARGETS))
