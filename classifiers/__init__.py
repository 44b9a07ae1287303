"""Text in, judgement out. No database, no HTTP, no platform."""
