"""Publisher confirms, collected for one turn of the loop and told in as few frames as may be.

Source: RabbitMQ's confirms guide.
"""

from __future__ import annotations

from collections.abc import Iterator

from pika import spec

from webapp.broker.channel import Channel, frame_of


class Confirms:
    """What one connection has to be told."""

    def __init__(self) -> None:
        self._seqs: dict[Channel, list[int]] = {}

    def add(self, channel: Channel, seq: int) -> None:
        """This publish is safe."""
        self._seqs.setdefault(channel, []).append(seq)

    def drain(self) -> Iterator[tuple[Channel, list[bytes]]]:
        """The frames for each channel; they are handed out once."""
        seqs, self._seqs = self._seqs, {}
        return ((channel, _frames(channel, each)) for channel, each in seqs.items())


def _frames(channel: Channel, seqs: list[int]) -> list[bytes]:
    """Frames that confirm these publishes: runs without a gap from the oldest open one may use `multiple`."""
    if len(seqs) > 1 and seqs[-1] - seqs[0] + 1 == len(seqs) == seqs[-1] - channel.confirmed:
        channel.confirmed = seqs[-1]
        return [frame_of(channel.number, spec.Basic.Ack(seqs[-1], multiple=True))]
    if seqs[0] == channel.confirmed + 1:
        for seq in seqs:
            if seq != channel.confirmed + 1:
                break
            channel.confirmed = seq
    return [frame_of(channel.number, spec.Basic.Ack(seq)) for seq in seqs]
