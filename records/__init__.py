"""What a council holds: words, tables and the lawful changes of state. Imports no other room of ours."""
