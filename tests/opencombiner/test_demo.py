from pathlib import Path

import pytest

from config.checks import check_site
from config.loader import load_site
from opencombiner.demo import demo_site, slots, where_to_look
from tests.support.fixed_clock import FixedClock


def test_the_demo_keeps_everything_in_its_folder_and_on_its_port(tmp_path: Path) -> None:
    site = demo_site(FixedClock(), tmp_path, 1884)
    assert site.mqtt.url == "mqtt://127.0.0.1:1884"
    assert site.state_dir == tmp_path
    assert [gateway.link.url for gateway in site.gateways] == [f"pty:{tmp_path}/combiner", f"pty:{tmp_path}/dtu"]


def test_what_the_demo_writes_its_children_read(tmp_path: Path) -> None:
    site = demo_site(FixedClock(), tmp_path, 1884)
    file = tmp_path / "site.yaml"
    file.write_text(site.model_dump_json(indent=2), "utf-8")
    hours_later = FixedClock(FixedClock().now + 5 * 3600)
    loaded = load_site(file, hours_later)
    assert loaded.site == site  # the place too: it was resolved once, for both children
    assert check_site(loaded) == ()


def test_the_demo_shows_two_vendors(tmp_path: Path) -> None:
    site = demo_site(FixedClock(), tmp_path, 1884)
    models = [[{unit.model for unit in b.inverters} for b in gateway.branches] for gateway in site.gateways]
    assert models == [[{"MI-400", "MI-425"}, {"MI-450", "MI-500"}], [{"HMS-1000-2T", "HMS-2000-4T"}]]
    assert 10 <= len(slots(site)) <= 15


@pytest.mark.parametrize("words", ["mosquitto_sub -h 127.0.0.1 -p 1884 -v -t 'opencombiner/#'", "port 1884;"])
def test_it_says_where_to_look(tmp_path: Path, words: str) -> None:
    assert words in where_to_look(demo_site(FixedClock(), tmp_path, 1884), 1884, tmp_path)
