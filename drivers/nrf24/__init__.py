"""An nRF24L01+ on the SPI of a Raspberry Pi: a bridge without a serial port."""
