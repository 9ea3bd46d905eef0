"""A connection that shows every frame: pika's codec on a plain socket, for what pika's own client does behind the scenes."""

import socket

import pika
from pika import spec
from pika.frame import Body, Header, Heartbeat, Method, ProtocolHeader, decode_frame

TIMEOUT = 30  # seconds without a byte
PROPERTIES = {
    "product": "test",
    "capabilities": {
        "authentication_failure_close": True,
        "consumer_cancel_notify": True,
        "basic.nack": True,
        "publisher_confirms": True,
    },
}


class Raw:
    """One connection."""

    def __init__(self, port, host="127.0.0.1"):
        self._socket = socket.create_connection((host, port), TIMEOUT)
        self._buffer = b""
        self.frame_max = 131072

    def close(self):
        self._socket.close()

    # -- sending ------------------------------------------------------------------------------------------------

    def bytes(self, data):
        """Sends bytes as they are."""
        self._socket.sendall(data)

    def send(self, channel, *methods):
        """Sends methods, in one piece."""
        self.bytes(b"".join(Method(channel, method).marshal() for method in methods))

    def publish(self, channel, key, body=b"", exchange="", frame=None, mandatory=False, **properties):
        """basic.publish with its header and body; `frame` is the size of a body frame's payload."""
        size = frame or self.frame_max - 8
        parts = [
            Method(channel, spec.Basic.Publish(exchange=exchange, routing_key=key, mandatory=mandatory)),
            Header(channel, len(body), pika.BasicProperties(**properties)),
            *(Body(channel, body[at : at + size]) for at in range(0, len(body), size)),
        ]
        self.bytes(b"".join(part.marshal() for part in parts))

    # -- receiving ----------------------------------------------------------------------------------------------

    def any_frame(self):
        """The next frame, heartbeats included. Raises EOFError where the broker has closed the socket."""
        while True:
            size, frame = decode_frame(self._buffer)
            if frame is not None:
                self.last = self._buffer[:size]  # as it stood on the wire
                self._buffer = self._buffer[size:]
                return frame
            try:
                data = self._socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                raise EOFError
            self._buffer += data

    def frame(self):
        """The next frame that is no heartbeat."""
        while isinstance(frame := self.any_frame(), Heartbeat):
            pass
        return frame

    def expect(self, kind, channel=None):
        """The next method, which has to be of this kind."""
        frame = self.frame()
        assert isinstance(frame, Method), frame
        assert isinstance(frame.method, kind), frame.method
        assert channel in (None, frame.channel_number), frame
        return frame.method

    def content(self):
        """The next message behind its method: (properties, body, sizes of the body frames)."""
        header = self.frame()
        assert isinstance(header, Header), header
        chunks = []
        while sum(map(len, chunks)) < header.body_size:
            chunk = self.frame()
            assert isinstance(chunk, Body), chunk
            chunks.append(chunk.fragment)
        return header.properties, b"".join(chunks), [len(chunk) for chunk in chunks]

    def ended(self):
        """Whether the broker closes the socket without another frame."""
        try:
            frame = self.frame()
        except EOFError:
            return True
        raise AssertionError(f"{frame} came instead of the end")

    # -- handshake ----------------------------------------------------------------------------------------------

    def greet(self):
        """The protocol header; the broker's connection.start."""
        self.bytes(ProtocolHeader().marshal())
        return self.expect(spec.Connection.Start, 0)

    def log_in(self, mechanism="PLAIN", response="\0guest\0guest", properties=PROPERTIES):
        """connection.start-ok."""
        self.send(0, spec.Connection.StartOk(properties, mechanism, response, "en_US"))

    def tune(self, channel_max=2047, frame_max=131072, heartbeat=0):
        """connection.tune-ok."""
        self.frame_max = frame_max or self.frame_max
        self.send(0, spec.Connection.TuneOk(channel_max, frame_max, heartbeat))

    def open(self, vhost="/", properties=PROPERTIES, **tuning):
        """The whole handshake; returns the broker's connection.tune."""
        self.greet()
        self.log_in(properties=properties)
        tune = self.expect(spec.Connection.Tune, 0)
        self.tune(**tuning)
        self.send(0, spec.Connection.Open(vhost))
        self.expect(spec.Connection.OpenOk, 0)
        return tune

    def open_channel(self, number=1, **tuning):
        """The handshake and one channel."""
        self.open(**tuning)
        self.call(number, spec.Channel.Open(), spec.Channel.OpenOk)

    def call(self, channel, method, answer):
        """Sends a method; its answer."""
        self.send(channel, method)
        return self.expect(answer, channel)

    def refused(self, kind):
        """The close that comes next: (code, text, class, method)."""
        close = self.expect(kind)
        return close.reply_code, close.reply_text, close.class_id, close.method_id
