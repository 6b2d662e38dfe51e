"""`python -m opencombiner`."""

from opencombiner.cli import main

main()
