"""What the docs tell a reader to run."""

import re

from tests.support import tree


def python_of(name: str) -> str:
    """Return the one Python example of a page."""
    text = (tree.ROOT / "docs" / name).read_text("utf-8")
    [example] = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert isinstance(example, str)
    return example
