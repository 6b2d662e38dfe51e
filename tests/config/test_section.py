"""Sections of which there are several kinds: told apart by a setting, explained without pydantic's tags."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

import pytest

from config.document import read
from config.findings import SiteRefusedError
from config.loader import typed
from config.section import OneOf, Section


class Link(Section):
    told_apart_by: ClassVar[str] = "medium"
    url: str


class Bridge(Link):
    medium: Literal["bridge"] = "bridge"
    baud: int = 9600


class Radio(Link):
    medium: Literal["radio"]
    channel: Annotated[int, "the number"]


class Box(Section):
    told_apart_by: ClassVar[str] = "role"
    id: str


class First(Box):
    role: Literal["first"]
    link: Annotated[Bridge | Radio, OneOf()]


class Second(Box):
    role: Literal["second"]
    link: Annotated[Bridge, OneOf()]


class Plan(Section):
    boxes: tuple[Annotated[First | Second, OneOf()], ...]


TEXT = """\
boxes:
  - id: a
    role: first
    link: {medium: radio, url: u, channel: 3}
  - id: b
    role: second
    link: {url: v}
"""


def loaded(folder: Path, text: str) -> Plan:
    path = folder / "plan.yaml"
    path.write_text(text)
    return typed(path, read(path), Plan)


def test_the_setting_tells_the_class_and_a_medium_may_be_left_out(tmp_path: Path) -> None:
    first, second = loaded(tmp_path, TEXT).boxes
    assert (type(first), type(second)) == (First, Second)
    assert first.link == Radio(medium="radio", url="u", channel=3)
    assert second.link == Bridge(url="v")
    assert type(loaded(tmp_path, TEXT.replace("medium: radio, url: u, channel: 3", "url: u")).boxes[0].link) is Bridge


def test_a_section_that_is_made_already_is_taken(tmp_path: Path) -> None:
    plan = loaded(tmp_path, TEXT)
    assert Plan(boxes=plan.boxes) == plan


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        pytest.param(
            "role: first", "role: third", "boxes[0].role: 'third' is not known here; use 'first', 'second'", id="a role"
        ),
        pytest.param("    role: first\n", "", "boxes[0].role: is missing; add `role: …`", id="no role"),
        pytest.param("role: first", "role:", "boxes[0].role: has no value; add `role: …`", id="an empty role"),
        pytest.param(
            "medium: radio",
            "medium: smoke",
            "boxes[0].link.medium: 'smoke' is not known here; use 'bridge', 'radio'",
            id="a medium",
        ),
        pytest.param(
            "channel: 3",
            "channel: x",
            "boxes[0].link.channel: 'x' is no whole number; write a whole number",
            id="a value inside",
        ),
        pytest.param(", channel: 3", "", "boxes[0].link.channel: is missing; add `channel: …`", id="a missing value"),
        pytest.param(
            "{url: v}", "{url: v, baut: 1}", "boxes[1].link: unknown key 'baut'; did you mean baud?", id="a slip"
        ),
        pytest.param(
            "{url: v}", "{url: v, channel: 1}", "boxes[1].link: unknown key 'channel'; known here: ", id="another's key"
        ),
        pytest.param("{url: v}", "7", "boxes[1].link: '7' is no section; ", id="no section at all"),
    ],
)
def test_errors_name_the_setting_as_the_user_wrote_it(tmp_path: Path, right: str, wrong: str, complaint: str) -> None:
    with pytest.raises(SiteRefusedError, match=r"plan\.yaml") as refused:
        loaded(tmp_path, TEXT.replace(right, wrong, 1))
    assert complaint in str(refused.value)


def test_the_schema_lists_every_kind() -> None:
    kinds = Plan.model_json_schema()["properties"]["boxes"]["items"]["oneOf"]
    assert [kind["$ref"] for kind in kinds] == ["#/$defs/First", "#/$defs/Second"]
