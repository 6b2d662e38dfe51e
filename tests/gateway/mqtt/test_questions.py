import json
from typing import Any

import pytest

from drivers.mqtt.session import Message
from gateway.mqtt.payloads import MAX_REQUEST, About
from gateway.mqtt.questions import Questions
from gateway.mqtt.topics import MAX_TOPIC, Tree
from tests.support.mqtt_site import StillSite, running

ROOT = "opencombiner/home"
ABOUT = About(version="0.1.0", config_schema="1", site="home", name="Home", drivers={"east": "plc"})
QUESTIONS = Questions(
    Tree("opencombiner", "home"), StillSite(running()), ABOUT, lambda: {"clock": {"trust": "guessed"}}
)


def ask(verb: str, payload: bytes = b"{}", **properties: Any) -> Message:
    answer = QUESTIONS.answer(Message(f"{ROOT}/bridge/request/{verb}", payload, 1, **properties))
    assert answer is not None
    return answer


def read(answer: Message) -> Any:
    return json.loads(answer.payload)


def test_health_is_told() -> None:
    answer = ask("health", b'{"transaction":41}')
    assert answer.topic == f"{ROOT}/bridge/response/health"
    assert (answer.qos, answer.retain) == (1, False)
    assert read(answer) == {
        "status": "ok",
        "transaction": 41,
        "data": {"clock": {"trust": "guessed"}},
        "error": None,
    }


def test_devices_are_told() -> None:
    assert [device["serial"] for device in read(ask("devices"))["data"]] == ["A4500123"]


def test_diagnostics_are_all_that_the_bridge_publishes() -> None:
    data = read(ask("diagnostics"))["data"]
    assert set(data) == {"info", "health", "devices", "links"}
    assert data["links"]["roof-1"]["answered"] == 199


@pytest.mark.parametrize(
    ("verb", "payload", "retain", "code"),
    [
        ("reboot", b"{}", False, "not_supported"),
        ("command", b"{}", False, "not_supported"),
        ("health", b"{", False, "invalid_payload"),
        ("health", b" " * MAX_REQUEST + b"{}", False, "invalid_payload"),
        ("health", b"{}", True, "retained"),
        ("reboot", b"{", True, "retained"),
    ],
    ids=["an unknown verb", "a verb to come", "cut", "oversized", "retained", "retained and wrong"],
)
def test_refusals_have_a_code_and_a_reason(verb: str, payload: bytes, code: str, *, retain: bool) -> None:
    answer = read(ask(verb, payload, retain=retain))
    assert (answer["status"], answer["data"], answer["error"]["code"]) == ("error", None, code)
    assert answer["error"]["message"]


def test_the_transaction_of_a_refused_question_is_echoed() -> None:
    assert read(ask("reboot", b'{"transaction":"t9"}'))["transaction"] == "t9"


@pytest.mark.parametrize(
    ("wanted", "goes_to"),
    [
        (None, f"{ROOT}/bridge/response/health"),
        ("me/answers", "me/answers"),
        (f"{ROOT}/bridge/response/mine", f"{ROOT}/bridge/response/mine"),
        (f"{ROOT}/bridge/state", f"{ROOT}/bridge/response/health"),
        (f"{ROOT}/bridge/request/health", f"{ROOT}/bridge/response/health"),
        ("me/#", f"{ROOT}/bridge/response/health"),
        ("me/+/x", f"{ROOT}/bridge/response/health"),
        ("", f"{ROOT}/bridge/response/health"),
        ("x" * (MAX_TOPIC + 1), f"{ROOT}/bridge/response/health"),
    ],
    ids=[
        "nothing asked for",
        "a topic of the asker",
        "another response",
        "our state",
        "a request: it would go round for ever",
        "a wildcard",
        "another wildcard",
        "empty",
        "too long",
    ],
)
def test_answers_go_where_they_are_wanted_but_not_into_our_tree(wanted: str | None, goes_to: str) -> None:
    answer = ask("health", response_topic=wanted, correlation=b"7")
    assert (answer.topic, answer.correlation) == (goes_to, b"7")


@pytest.mark.parametrize("topic", ["other/topic", f"{ROOT}/bridge/state", f"{ROOT}/bridge/request/{'x' * 300}"])
def test_other_topics_are_no_questions(topic: str) -> None:
    assert QUESTIONS.answer(Message(topic, b"{}")) is None
