"""Everything that imports Locust: a run on the master, a run on a worker, users, shapes, the page."""
