"""Lets ``python -m fimble`` and the ``fimble`` script start the same program."""

from fimble.cli.app import main

if __name__ == "__main__":
    main()
