"""ZNP: what a host and a ZigBee coordinator (CC2530, CC2531, CC2652) say to each other on a UART, 115200 8N1.

    FE | n | command 2, high byte first | data n | FCS: XOR of all bytes between FE and FCS
    FE   00  21 01                                 20                                        a ping

Headers inside the data are little-endian. The host asks (SREQ 2xxx) and gets one answer (SRSP 6xxx); both sides also
send frames that nobody answers (AREQ 4xxx). `frame` cuts and builds frames, `commands` says what is in them for either
side, `air` is the form in which messages pass between a link and its users, `startup` and `recovery` bring a
coordinator up and back.

Seen in captures of public projects: everything the vectors hold. Stock Z-Stack 3 firmware has not been tried.
"""
