"""The only door to the network. Knows no platform, no table and no rule of the council's."""
