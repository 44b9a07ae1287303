"""What we know of each platform: one module each. Talks through wire, knows no tables."""
