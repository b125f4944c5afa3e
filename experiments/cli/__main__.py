"""`python -m experiments.cli` is `zero-leinr`."""

from experiments.cli.main import main

if __name__ == "__main__":
    main()
