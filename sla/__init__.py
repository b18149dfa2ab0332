"""Measurements + agreement -> assessment. Pure: numpy and scipy, no I/O, no clock, no Locust."""
