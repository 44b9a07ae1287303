"""`python -m wardkeeper`."""

from wardkeeper.cli import main

if __name__ == "__main__":
    main()
