"""A broker and how to greet it, wherever a site file names one."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from config.section import BROKER_URL, Section


class Tls(Section):
    """Transport security of a broker connection."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None


class Broker(Section):
    """A broker; a password comes from a file or from the environment, never from here."""

    url: Annotated[str, Field(pattern=BROKER_URL)]
    user: str | None = None
    password_file: Path | None = None
    password_env: str | None = None
    tls: Tls | None = None
