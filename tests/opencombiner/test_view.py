import pytest

from drivers.mqtt.session import Message
from opencombiner.view import MAX_PAYLOAD, MAX_TOPICS, View


def heard(*messages: tuple[str, bytes]) -> View:
    view = View("opencombiner/demo")
    for topic, payload in messages:
        view.hear(Message(topic, payload))
    return view


def test_the_last_word_of_a_topic_counts() -> None:
    topic = "opencombiner/demo/inverter/A1/state"
    view = heard((topic, b'{"p_ac_w": 1}'), (topic, b'{"p_ac_w": 2}'))
    assert view.at("inverter/A1/state") == {"p_ac_w": 2}


@pytest.mark.parametrize(
    ("leaf", "payload", "answered"),
    [
        pytest.param("state", b'{"ts": "2026-06-21T12:00:00.000Z"}', True, id="a state with the time of a sample"),
        pytest.param("state", b'{"ts": null, "e_total_wh": 5}', False, id="stored energy of an earlier day"),
        pytest.param("availability", b'{"state": "online"}', False, id="its availability alone"),
    ],
)
def test_a_slot_is_heard_from_once_its_unit_answered(leaf: str, payload: bytes, *, answered: bool) -> None:
    view = heard((f"opencombiner/demo/inverter/A1/{leaf}", payload))
    assert view.heard_from("A1") is answered
    assert not view.heard_from("A2")


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        pytest.param("opencombiner/other/site/state", b"{}", id="another site"),
        pytest.param("opencombiner/demolition", b"{}", id="a topic that only begins alike"),
        pytest.param("opencombiner/demo/site/state", b"{", id="no JSON"),
        pytest.param("opencombiner/demo/site/state", b"\xff", id="no UTF-8"),
        pytest.param("opencombiner/demo/site/state", b"[1]", id="no object"),
        pytest.param("opencombiner/demo/site/state", b'{"a": "' + b"x" * MAX_PAYLOAD + b'"}', id="too long"),
    ],
)
def test_what_is_not_ours_is_dropped(topic: str, payload: bytes) -> None:
    assert heard((topic, payload)).payloads == {}


def test_the_number_of_topics_is_bounded() -> None:
    view = heard(*((f"opencombiner/demo/{n}", b'{"n": 0}') for n in range(MAX_TOPICS + 5)))
    view.hear(Message("opencombiner/demo/0", b'{"n": 1}'))
    assert len(view.payloads) == MAX_TOPICS
    assert view.at("0") == {"n": 1}
