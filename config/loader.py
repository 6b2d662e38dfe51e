"""The site file, read, typed and resolved; every error names its line, its setting and what helps."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from config.document import Document, read
from config.explain import explain
from config.findings import SiteRefusedError, in_order
from config.site import Site
from drivers.clock import Clock


@dataclass(frozen=True, slots=True)
class LoadedSite:
    """A site and the file that it came from; `site.location` is a place, also where the file says `daylight`."""

    site: Site
    path: Path
    document: Document


def load_site(path: Path, clock: Clock) -> LoadedSite:
    """Return the site that a file describes; raises SiteRefusedError, a ConfigError, with every error in it.

    The clock is asked for nothing but where `daylight` is. `config.checks` judges what types cannot.
    """
    document = read(path)
    try:
        site = Site.model_validate(document.data, context={"utc": clock.utc()})
    except ValidationError as error:
        raise SiteRefusedError(path, in_order((*document.findings, *explain(error.errors(), document)))) from None
    if document.findings:
        raise SiteRefusedError(path, document.findings)
    return LoadedSite(site, path, document)
