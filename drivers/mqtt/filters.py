"""Topic filters of MQTT, section 4.7 of the standard."""

from functools import lru_cache


@lru_cache(maxsize=4096)  # a plant says the same topics again and again; a large one has a few thousand
def matches(topic_filter: str, topic: str) -> bool:
    """Tell whether a topic is among those that a filter asks for.

    A filter that begins with a wildcard leaves out the broker's own topics, which begin with `$`.
    """
    wanted, given = topic_filter.split("/"), topic.split("/")
    if wanted[0] in {"+", "#"} and topic.startswith("$"):
        return False
    if wanted[-1] == "#":
        wanted.pop()
        given = given[: len(wanted)]  # "a/#" is "a" and all below it
    return len(wanted) == len(given) and all(want in {"+", have} for want, have in zip(wanted, given, strict=True))
