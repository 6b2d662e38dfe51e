"""The Modbus codec: application data units and what they carry (Modbus Application Protocol V1.1b3)."""
