"""How much an object keeps."""


def held(thing: object, depth: int = 4) -> int:
    """Return how many bytes an object and what it is made of keep."""
    if isinstance(thing, bytes | bytearray):
        return len(thing)
    if depth == 0:
        return 0
    if isinstance(thing, list | tuple | set | frozenset) or type(thing).__name__ == "deque":
        return sum(held(each, depth - 1) for each in thing)  # type: ignore[misc,attr-defined]
    if isinstance(thing, dict):
        return sum(held(each, depth - 1) for pair in thing.items() for each in pair)
    slots = [getattr(thing, name, None) for name in getattr(type(thing), "__slots__", ())]
    return sum(held(each, depth - 1) for each in (*getattr(thing, "__dict__", {}).values(), *slots))
