"""One module per family of commands; thin: each calls the step or act that the console calls too."""
