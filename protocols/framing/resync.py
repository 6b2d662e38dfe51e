"""Frames in a stream of bytes with junk in it, which find back into step by themselves."""

from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Resynchroniser(Generic[Item]):
    """Cuts frames of a length that they tell, with a checksum, out of a stream.

    `size` returns the length of what may start at a place, as far as can be told; 0 where nothing starts. `parse`
    returns what some bytes of that length say; None for damaged ones. `least` is the length of the shortest frame with
    a checksum: shorter items have none, and are believed only where a frame may begin.

    The buffer holds less than one frame between two calls. While the start of a frame waits for its rest, a whole
    frame behind it wins: then the start was junk.
    """

    def __init__(
        self, size: Callable[[bytearray, int], int], parse: Callable[[bytearray], Item | None], least: int
    ) -> None:
        self._size = size
        self._parse = parse
        self._least = least
        self._buffer = bytearray()
        self.dropped_bytes = 0
        self.damaged = 0  # frames whose checksum was wrong

    def __len__(self) -> int:
        return len(self._buffer)

    def clear(self) -> None:
        """Forget a partial frame."""
        self._drop(len(self._buffer))

    def feed(self, chunk: bytes) -> list[Item]:
        """Return what `chunk` completes, in order."""
        self._buffer += chunk
        items: list[Item] = []
        while self._buffer:
            size = self._size(self._buffer, 0)
            if size > len(self._buffer):
                at = self._whole_frame()
                if not at:
                    break
                self._drop(at)
            elif size and (item := self._parse(self._buffer[:size])) is not None:
                items.append(item)
                del self._buffer[:size]
            else:
                self.damaged += size > 0
                self._drop(1)
        return items

    def _whole_frame(self) -> int:
        """Return where a whole frame stands behind the one that is still growing; 0: nowhere."""
        for at in range(1, len(self._buffer) - self._least + 1):
            end = at + self._size(self._buffer, at)
            if at + self._least <= end <= len(self._buffer) and self._parse(self._buffer[at:end]) is not None:
                return at
        return 0

    def _drop(self, count: int) -> None:
        self.dropped_bytes += count
        del self._buffer[:count]
