"""An assessment as text, Markdown, HTML, JSON."""
