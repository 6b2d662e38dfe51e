"""The daemon: polls the plant, keeps its energy straight, publishes it."""
