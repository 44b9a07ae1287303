"""How fast Wardkeeper is and how much memory it takes. Prints what it measured; never a test with a clock in it."""
