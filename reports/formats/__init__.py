"""An assessment as text, Markdown, HTML, JSON, JUnit XML, for GitHub Actions; its run's seconds as CSV."""
