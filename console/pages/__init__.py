"""One module per room of the console; each asks the other rooms to act and shows what they say."""
