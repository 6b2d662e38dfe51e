"""Commands: admitted or refused, carried out, read back, reported."""
