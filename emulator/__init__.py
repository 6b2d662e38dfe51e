"""The mirror of the gateway: sky, grid, inverters, medium and modems, served at the end of a link."""
