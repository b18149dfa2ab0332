"""Everything that imports Locust: a run where it is kept, a run where it is measured, users, shapes, the page."""
