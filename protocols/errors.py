"""The errors of the house; the class says who reacts."""


class OpenCombinerError(Exception):
    """Any error that OpenCombiner raises on purpose."""


class LocalProtocolError(OpenCombinerError):
    """We broke the protocol: a bug of ours."""


class RemoteProtocolError(OpenCombinerError):
    """The peer broke the protocol: count it and drop it."""


class LinkDownError(OpenCombinerError):
    """The medium is gone: reopen it, `retry_s` later; None: soon, and later the oftener it fails."""

    retry_s: float | None = None


class ConfigError(OpenCombinerError):
    """A setting is wrong: exit and name the file, the line, the path of the setting and the remedy."""
