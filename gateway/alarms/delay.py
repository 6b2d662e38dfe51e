"""A delay that passes only while the data is good."""


class Delay:
    """One time to wait for; frozen, it keeps what is left of it."""

    __slots__ = ("_left_s", "due")

    def __init__(self) -> None:
        self.due: float | None = None
        self._left_s: float | None = None

    def start(self, now_s: float, for_s: float) -> None:
        """Wait from now on, whatever was waited for before."""
        self.due, self._left_s = now_s + for_s, None

    def stop(self) -> None:
        """Wait no more."""
        self.due = self._left_s = None

    def freeze(self, now_s: float) -> None:
        """Let no time pass until `thaw`."""
        if self.due is not None:
            self._left_s = self.due - now_s
            self.due = None

    def thaw(self, now_s: float) -> None:
        """Go on with what is left."""
        if self._left_s is not None:
            self.start(now_s, self._left_s)

    def over(self, now_s: float) -> bool:
        """Tell whether the time has passed."""
        return self.due is not None and now_s >= self.due
