"""Faces: what the site shows to the north beside MQTT, each as a server with its own address and port.

How to write one. A face of kind `x` is a section of the site file (`config/faces.py`: one class, a member of the union)
and one module `gateway/faces/x.py` with a function `serve(section, site, desk, name) -> Server`, which `registry.py`
finds by the kind. It is imported when a site file asks for it, not before.

- What a face says is a pure function of what it is asked and of the site as it is (`desk.Plant`): no I/O, no await, no
  clock. A read never reaches the medium.
- What a face is told becomes orders for `gateway.control` or commands for `gateway.alarms`, in the name of the caller's
  address; `Desk.carry_out` hands them over. They pass the same admission as those that come by MQTT, and their audit
  events name that author. A face refuses all of it unless its section says `writes: true`.
- Modbus: implement `modbus_server.ModbusFace` (`answer`, `written`) and return a `modbus_server(…)`. A read gets
  its registers, an exception, or None for silence. Another function code is one more row of its table.
- Any other framed TCP: implement `tcp_server.Framed` (`length`, `answer`) and return a `TcpServer`.

The server bounds the rest: clients, requests per second, bytes of a frame, time for a frame, time without one, time to
take an answer. Whatever a client sends costs at most its own connection.
"""
