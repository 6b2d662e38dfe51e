"""What the product costs, measured against bars: `make bench`. The method is in docs/benchmarks.md."""
