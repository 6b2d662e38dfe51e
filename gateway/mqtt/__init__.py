"""The bridge between the site and the broker."""
