"""Wi-Fi as a medium: units that dial a broker by themselves; the gateway listens there and answers."""
