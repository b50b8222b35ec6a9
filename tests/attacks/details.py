"""Abuse of ``modelDetails.json``: the training parameters are lost, with a warning; never more."""

NOT_H2OS = "modelDetails.json is not what H2O writes, so training parameters are not known"


def _parameter(value: str) -> bytes:
    return f'{{"parameters": [{{"name": "l1", "actual_value": {value}}}], "output": {{}}}}'.encode()


DETAILS_ATTACKS: list[tuple[str, bytes, str]] = [
    ("nothing", b"", f"{NOT_H2OS} (Expecting value: line 1 column 1 (char 0))"),
    ("a list", b"[]", f"{NOT_H2OS} (TypeError)"),
    ("a number", b"5", f"{NOT_H2OS} (TypeError)"),
    ("no parameters", b'{"output": {}}', f"{NOT_H2OS} (KeyError)"),
    ("cut off", b'{"output": ', f"{NOT_H2OS} (Expecting value: line 1 column 12 (char 11))"),
    (
        "not UTF-8",
        b'{"\xff": 1}',
        f"{NOT_H2OS} ('utf-8' codec can't decode byte 0xff in position 2: invalid start byte)",
    ),
    ("lists in lists", b"[" * 100_000, f"{NOT_H2OS} (RecursionError)"),
    ("objects in objects", b'{"a":' * 100_000, f"{NOT_H2OS} (RecursionError)"),
    ("a float past float64", _parameter("1e999"), f"{NOT_H2OS} (1e999 is no finite number)"),
    (
        "an integer of 5,000 digits",
        _parameter("1" + "0" * 4999),
        f"{NOT_H2OS} (a number of 5,000 characters)",
    ),
    ("NaN", _parameter("NaN"), f"{NOT_H2OS} (NaN is no finite number)"),
    ("-Infinity", _parameter("-Infinity"), f"{NOT_H2OS} (-Infinity is no finite number)"),
    (
        "a list where a text is expected",
        b'{"parameters": [{"name": []}], "output": {}}',
        f"{NOT_H2OS} (TypeError)",
    ),
    (
        "lists in a parameter",
        _parameter("[[1]]"),
        f"{NOT_H2OS} (TypeError)",
    ),
    (
        "an object in a reference's name",
        _parameter('{"name": {"a": 1}}'),
        f"{NOT_H2OS} (TypeError)",
    ),
    (
        "a table whose columns differ in length",
        b'{"parameters": [], "output": {"scoring_history": {"name": "t", "columns": '
        b'[{"name": "a"}, {"name": "b"}], "data": [[1], [1, 2]]}}}',
        f"{NOT_H2OS} (a table whose columns differ in length)",
    ),
    (
        "500 MB",
        b" " * 500_000_000,
        "training parameters are not known: modelDetails.json has 500,000,000 bytes, the limit is "
        "33,554,432; to raise it: --limit details_bytes=N, or "
        "read_model(..., limits=Limits(details_bytes=N))",
    ),
    (
        "a million empty lists",
        b"[" + b"[]," * 1_000_000 + b"[]]",
        "training parameters are not known: modelDetails.json has 2,000,002 values, the limit is "
        "1,000,000; to raise it: --limit details_values=N, or "
        "read_model(..., limits=Limits(details_values=N))",
    ),
]
