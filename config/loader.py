"""The site file, read, typed and resolved; every error names its line, its setting and what helps."""

from dataclasses import dataclass
from importlib.resources import as_file
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from config.document import Document, read
from config.explain import explain
from config.findings import SiteRefusedError, in_order, setting
from config.packaged import packaged
from config.section import Section
from config.site import Site
from drivers.clock import Clock
from drivers.replay import SCHEME, path_of

S = TypeVar("S", bound=Section)


@dataclass(frozen=True, slots=True)
class LoadedSite:
    """A site and the file that it came from; `site.location` is a place, also where the file says `daylight`."""

    site: Site
    path: Path
    document: Document

    def placed(self, complaint: str) -> str:
        """Return a complaint that begins with a setting, as `state_dir: …`, after its place in the file."""
        marks = {setting(loc): mark for loc, mark in self.document.values.items()}
        mark = marks.get(complaint.partition(":")[0])
        return f"{self.path}: {complaint}" if mark is None else f"{self.path}:{mark.line}:{mark.column}: {complaint}"


def load_site(path: Path, clock: Clock) -> LoadedSite:
    """Return the site that a file describes; raises SiteRefusedError, a ConfigError, with every error in it.

    The clock is asked for nothing but where `daylight` is. `config.checks` judges what types cannot.
    """
    document = read(path)
    return LoadedSite(_beside(path, typed(path, document, Site, utc=clock.utc())), path, document)


def _beside(path: Path, site: Site) -> Site:
    """Return a site whose links replay files that lie where the site file does, unless they say where they are."""
    gateways = []
    for gateway in site.gateways:
        taken = path_of(gateway.link.url)
        if taken is not None and not taken.is_absolute():
            link = gateway.link.model_copy(update={"url": f"{SCHEME}{path.parent / taken}"})
            gateways.append(gateway.model_copy(update={"link": link}))
        else:
            gateways.append(gateway)
    return site.model_copy(update={"gateways": tuple(gateways)})


def load_packaged(name: str, clock: Clock) -> Site:
    """Return a site that comes with the package."""
    with as_file(packaged(name)) as path:
        return load_site(path, clock).site


def typed(path: Path, document: Document, root: type[S], **context: float) -> S:
    """Return the content of a document as a `root`; raises SiteRefusedError with every error in it."""
    try:
        content = root.model_validate(document.data, context=context)
    except ValidationError as error:
        raise SiteRefusedError(path, in_order((*document.findings, *explain(error.errors(), document, root)))) from None
    if document.findings:
        raise SiteRefusedError(path, document.findings)
    return content
