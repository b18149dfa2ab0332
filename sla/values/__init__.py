"""The values: measurements, agreements, assessments."""
