"""What stands for questions and answers with a vendor whose units report by themselves: nobody asks, nobody answers."""

from protocols.exchange import Cause, Failed


class Unasked:
    """An exchange that fails before anything is sent. Makes itself whatever a vendor is asked to make it of."""

    def __init__(self, *_: object) -> None:
        pass

    def start(self) -> Failed:
        """Fail."""
        return Failed(Cause.REFUSED, "the unit reports by itself and takes no requests")

    def received(self, _: bytes) -> Failed:
        """Fail."""
        return self.start()

    def timed_out(self) -> Failed:
        """Fail."""
        return self.start()


class Mute:
    """The responder of a unit that hears no requests."""

    def __init__(self, *_: object) -> None:
        pass

    def concerns(self, _: bytes) -> bool:
        """Tell that nothing is for the unit."""
        return False

    def answer(self, _: bytes, now: float) -> tuple[bytes, ...]:  # noqa: ARG002 - it never answers
        """Return silence."""
        return ()
