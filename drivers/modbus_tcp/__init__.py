"""Units that answer Modbus TCP."""
