"""Simulated platforms and invented posts for the demonstration and the tests; no step of the flow lives here."""
