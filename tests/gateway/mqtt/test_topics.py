from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mqtt.topics import (
    MAX_TOPIC,
    Address,
    Bridge,
    Flat,
    Input,
    Inverter,
    Request,
    Response,
    SiteWide,
    Tree,
)

TREE = Tree("opencombiner", "home")

words = st.from_regex(r"[a-z0-9_]{1,40}", fullmatch=True)
slots = st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True)
ports = st.integers(1, 99)
addresses: st.SearchStrategy[Any] = st.one_of(
    st.builds(Bridge, words),
    st.builds(Request, words),
    st.builds(Response, words),
    st.builds(SiteWide, words),
    st.builds(Inverter, slots, words),
    st.builds(Input, slots, ports),
    st.builds(Flat, slots, st.just(0) | ports, words),
)


@given(addresses)
def test_what_is_built_parses_to_the_same(address: Address) -> None:
    assert TREE.parse(TREE.topic(address)) == address


@given(st.text(max_size=300))
def test_no_text_makes_the_parser_raise(rest: str) -> None:
    parsed = TREE.parse(f"opencombiner/home/{rest}")
    assert parsed is None or TREE.topic(parsed) == f"opencombiner/home/{rest}"


@pytest.mark.parametrize(
    ("address", "topic"),
    [
        (Bridge("state"), "opencombiner/home/bridge/state"),
        (Request("health"), "opencombiner/home/bridge/request/health"),
        (Response("health"), "opencombiner/home/bridge/response/health"),
        (SiteWide("state"), "opencombiner/home/site/state"),
        (Inverter("roof-1", "availability"), "opencombiner/home/inverter/roof-1/availability"),
        (Input("roof-1", 2), "opencombiner/home/inverter/roof-1/ch/2/state"),
        (Flat("roof-1", 0, "p_ac_w"), "opencombiner/home/flat/roof-1/0/p_ac_w"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_the_tree_is_the_documented_one(address: Address, topic: str) -> None:
    assert TREE.topic(address) == topic


@pytest.mark.parametrize(
    "topic",
    [
        "opencombiner/other/bridge/state",
        "opencombiner/homer/bridge/state",
        "opencombiner/home",
        "opencombiner/home/bridge/request/a/b",
        "opencombiner/home/inverter/a b/state",
        "opencombiner/home/inverter/roof/ch/0/state",
        f"opencombiner/home/bridge/{'x' * MAX_TOPIC}",
    ],
)
def test_foreign_topics_are_none(topic: str) -> None:
    assert TREE.parse(topic) is None


def test_a_base_may_have_several_levels() -> None:
    tree = Tree("energy/solar", "home")
    assert tree.parse(tree.topic(Inverter("a", "state"))) == Inverter("a", "state")
