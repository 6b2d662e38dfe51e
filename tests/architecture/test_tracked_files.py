"""What must not be in the repository: download addresses, lock files, paths of somebody's machine."""

import re

from tests.support import tree

# Hosts that a text may name: documentation, standards, licences, and addresses that lead nowhere.
HOSTS = {
    "127.0.0.1",
    "host",
    "json-schema.org",
    "keepachangelog.com",
    "localhost",
    "semver.org",
    "www.apache.org",
    "www.home-assistant.io",
    "www.w3.org",
}
TEXTS = [path for path in tree.files() if path.suffix not in {".png", ".pcapng"}]


def _hosts(text: str) -> set[str]:
    return {host.partition(":")[0] for host in re.findall(r"https?://([\w.-]+(?::\d+)?)", text)}


def _own_paths(text: str) -> list[str]:
    return re.findall(r"(?<![\w.])/(?:root|work|home/\w+|Users/\w+)/[\w./-]*", text)


def test_no_file_names_an_address_to_download_from() -> None:
    assert tree.offenders(TEXTS, lambda path: _hosts(path.read_text()) - HOSTS) == {}


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    assert tree.offenders(TEXTS, lambda path: _own_paths(path.read_text())) == {}


def test_there_is_no_lock_file() -> None:
    assert [tree.name(path) for path in tree.files() if re.search(r"[.-]lock(\.|$)", path.name)] == []


def test_the_rules_catch_what_they_forbid() -> None:
    assert _hosts("see " + "https:" + "//files.example.net:443/x") == {"files.example.net"}
    assert _own_paths("in " + "/ro" + "ot/x.py") == ["/ro" + "ot/x.py"]
