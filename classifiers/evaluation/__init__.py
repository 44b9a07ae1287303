"""How good a classifier is, measured on posts it never learned from. Trains nothing and changes nothing."""
