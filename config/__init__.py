"""What a user writes, typed and checked; the only package that reads YAML."""
