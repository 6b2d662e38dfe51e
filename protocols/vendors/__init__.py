"""One folder a vendor; vendors do not know one another."""
