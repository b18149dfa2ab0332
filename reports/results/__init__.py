"""Results of the other verbs (compare, metrics, drill, ...): `render` as text, `render_json`, `render_markdown`."""
