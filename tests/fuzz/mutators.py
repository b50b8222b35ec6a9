"""Structure-aware mutations of a MOJO: its members change, the zip around them stays valid.

Every mutation takes the members and a source of randomness, and returns changed members, or the
same ones where it does not apply. The property tests, the comparison with Java and the
coverage-guided fuzzer share them.
"""

import io
import itertools
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from enum import StrEnum
from random import Random
from typing import Any, Final

Members = dict[str, bytes]

INI: Final = "model.ini"
DETAILS: Final = "experimental/modelDetails.json"
_SECTIONS: Final = (b"[info]", b"[columns]", b"[domains]")


def unpack(content: bytes) -> Members:
    """Return the members of a zip by name.

    Raises:
        zipfile.BadZipFile: it is none.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}


def pack(members: Mapping[str, bytes]) -> bytes:
    """Return a zip of members, the same bytes for the same members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in members.items():
            file.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


# --------------------------------------------------------------------------- bytes and members


def flip_byte(members: Members, random: Random) -> Members:
    """Replace one byte of a member."""
    name = _some_member(members, random)
    content = bytearray(members[name])
    if content:
        content[random.randrange(len(content))] = random.randrange(256)
    return {**members, name: bytes(content)}


def truncate(members: Members, random: Random) -> Members:
    """Cut the end of a member off."""
    name = _some_member(members, random)
    content = members[name]
    return {**members, name: content[: random.randrange(len(content) + 1)]}


def swap_members(members: Members, random: Random) -> Members:
    """Let two members change places."""
    first, second = _some_member(members, random), _some_member(members, random)
    return {**members, first: members[second], second: members[first]}


def drop_member(members: Members, random: Random) -> Members:
    """Leave a member out."""
    name = _some_member(members, random)
    return {other: content for other, content in members.items() if other != name}


def _some_member(members: Members, random: Random) -> str:
    return random.choice(list(members))


# --------------------------------------------------------------------------- lines of model.ini


def drop_key(members: Members, random: Random) -> Members:
    """Leave a line of ``[info]`` out."""
    return _edit_info(members, random, lambda _: [])


def duplicate_key(members: Members, random: Random) -> Members:
    """Let a key stand twice, the second time perhaps with another value."""

    def edit(line: bytes) -> list[bytes]:
        return [line, line if random.random() < 0.5 else _mutated_line(line, random)]

    return _edit_info(members, random, edit)


def mutate_value(members: Members, random: Random) -> Members:
    """Change a number, a list, a boolean or a text of ``[info]``."""
    return _edit_info(members, random, lambda line: [_mutated_line(line, random)])


def reorder_sections(members: Members, random: Random) -> Members:
    """Let two sections, or two lines, change places."""
    ini = _some_ini(members, random)
    lines = _lines(members, ini)
    if random.random() < 0.5:
        first, second = _some_index(lines, random), _some_index(lines, random)
        lines[first], lines[second] = lines[second], lines[first]
        return _with_lines(members, ini, lines)
    starts = [index for index, line in enumerate(lines) if line in _SECTIONS]
    bounds = [0, *starts, len(lines)]
    blocks = [lines[start:stop] for start, stop in itertools.pairwise(bounds)]
    first, second = _some_index(blocks, random), _some_index(blocks, random)
    blocks[first], blocks[second] = blocks[second], blocks[first]
    return _with_lines(members, ini, [line for block in blocks for line in block])


def mutate_columns(members: Members, random: Random) -> Members:
    """Drop, double or rename a line of ``[columns]`` or ``[domains]``."""
    ini = _some_ini(members, random)
    lines = _lines(members, ini)
    start = lines.index(_SECTIONS[1]) + 1 if _SECTIONS[1] in lines else 0
    if start >= len(lines):
        return members
    index = random.randrange(start, len(lines))
    lines[index : index + 1] = random.choice(
        [[], [lines[index]] * 2, [random.choice(lines)], [_mutated_scalar(lines[index], random)]]
    )
    return _with_lines(members, ini, lines)


def _edit_info(members: Members, random: Random, edit: Callable[[bytes], list[bytes]]) -> Members:
    ini = _some_ini(members, random)
    lines = _lines(members, ini)
    stop = lines.index(_SECTIONS[1]) if _SECTIONS[1] in lines else len(lines)
    if not stop:
        return members
    index = random.randrange(stop)
    lines[index : index + 1] = edit(lines[index])
    return _with_lines(members, ini, lines)


def _some_ini(members: Members, random: Random) -> str:
    """Choose the model's, or that of a base model of an ensemble."""
    found = [name for name in members if name == INI or name.endswith("/" + INI)]
    return random.choice(found or [INI])


def _lines(members: Members, ini: str) -> list[bytes]:
    return members.get(ini, b"").split(b"\n")


def _with_lines(members: Members, ini: str, lines: list[bytes]) -> Members:
    return {**members, ini: b"\n".join(lines)}


def _some_index(items: list[Any], random: Random) -> int:
    return random.randrange(len(items))


# --------------------------------------------------------------------------- values

_TOKENS: Final = (
    b"null", b"true", b"false", b"", b"[]", b"[null]", b"[0.0]", b"[[1.0]]", b"[1.0, 2.0]",
    b"0", b"1", b"2", b"3", b"-1", b"2147483647", b"2147483648", b"99999999999", b"1000000000",
    b"0.5", b"1.0", b"-0.0", b"5.0", b"1e400", b"1E-320", b"NaN", b"Infinity", b"-Infinity",
    b"1.7976931348623157E308", b"3.4028235E38", b"1d", b"0x1p3", b"1_0", b"x", b"\xff",
    b"Tanh", b"TanhWithDropout", b"Rectifier", b"RectifierWithDropout", b"Maxout",
    b"MaxoutWithDropout", b"ExpRectifier", b"gaussian", b"bernoulli", b"multinomial", b"poisson",
    b"gamma", b"tweedie", b"quantile", b"modified_huber", b"Binomial", b"Multinomial",
    b"Regression", b"AutoEncoder", b"AUTO", b"OneHotInternal", b"SortByResponse", b"Binary",
    b"Eigen", b"LabelEncoder", b"EnumLimited", b"1.00", b"1.10", b"1.20", b"StackedEnsemble",
)  # fmt: skip


def _mutated_line(line: bytes, random: Random) -> bytes:
    key, separator, value = line.partition(b" = ")
    if not separator:
        return _mutated_scalar(line, random)
    if value.startswith(b"[") and value.endswith(b"]") and random.random() < 0.9:
        return key + separator + _mutated_list(value, random)
    return key + separator + _mutated_scalar(value, random)


def _mutated_list(value: bytes, random: Random) -> bytes:
    """Change one element, or how many there are."""
    elements = value[1:-1].split(b", ")
    index = _some_index(elements, random)
    action = random.random()
    if action < 0.6:
        elements[index] = _mutated_scalar(elements[index], random)
    elif action < 0.75:
        del elements[index]
    elif action < 0.9:
        elements.insert(index, elements[index])
    else:
        other = _some_index(elements, random)
        elements[index], elements[other] = elements[other], elements[index]
    return b"[" + b", ".join(elements) + b"]"


def _mutated_scalar(value: bytes, random: Random) -> bytes:
    action = random.random()
    if action < 0.3:
        return random.choice(_TOKENS)
    if action < 0.7:
        return _near(value, random)
    if action < 0.8:
        return repr(random.uniform(-2.0, 2.0)).encode()
    if action < 0.9:
        return repr(random.randrange(-3, 9)).encode()
    position = random.randrange(len(value) + 1)
    return value[:position] + bytes([random.randrange(256)]) + value[position + 1 :]


def _near(value: bytes, random: Random) -> bytes:
    """Return a number close to the one that stands there."""
    try:
        number = float(value)
    except ValueError:
        return b"true" if value == b"false" else b"false" if value == b"true" else value
    if re.fullmatch(rb"[+-]?\d+", value):
        return str(int(value) + random.choice((-2, -1, 1, 2))).encode()
    return repr(number * random.choice((-1.0, 0.5, 1.5, 2.0, 10.0, 1e-3, 1e30))).encode()


# --------------------------------------------------------------------------- levels


def insert_level(members: Members, random: Random) -> Members:
    """Add a level to a domain."""
    level = random.choice((b"new", b"", b" ", b"\\", b"a\\n", b"\xff", "é".encode(), b"NA", b"0"))
    return _edit_levels(members, random, lambda lines, index: lines.insert(index, level))


def drop_level(members: Members, random: Random) -> Members:
    """Take a level out of a domain."""
    return _edit_levels(members, random, lambda lines, index: lines.pop(index))


def duplicate_level(members: Members, random: Random) -> Members:
    """Let a level stand twice, in place of another or beside it."""

    def edit(lines: list[bytes], index: int) -> None:
        if random.random() < 0.5:
            lines.insert(index, lines[index])
        else:
            lines[index] = random.choice(lines)

    return _edit_levels(members, random, edit)


def _edit_levels(
    members: Members, random: Random, edit: Callable[[list[bytes], int], object]
) -> Members:
    """Change the lines of a domain, and as often as not the counts that speak of them."""
    names = [match for name in members if (match := _LEVELS.fullmatch(name))]
    if not names:
        return members
    match = random.choice(names)
    name = match[0]
    lines = members[name].split(b"\n")
    before = len(lines)
    edit(lines, _some_index(lines, random))
    changed = {**members, name: b"\n".join(lines)}
    if random.random() < 0.5 or len(lines) == before:
        return changed
    return _recounted(changed, match["folder"] + INI, match["file"], len(lines) - before)


_LEVELS: Final = re.compile(r"(?P<folder>(.*/)?)(?P<file>domains/.*|_orig_.*)")


def _recounted(members: Members, ini: str, file: str, growth: int) -> Members:
    """Correct the number of levels where ``model.ini`` tells it."""
    if file.startswith("domains/"):
        pattern = rf"(?<=: )\d+(?= {re.escape(file.removeprefix('domains/'))}\b)"
    elif file == "_orig_names":
        pattern = r"(?<=_n_orig_names = )\d+"
    else:
        pattern = rf"(?<=_m{re.escape(file)} = )\d+"
    content = members.get(ini, b"")
    changed = re.sub(pattern.encode(), lambda m: str(int(m[0]) + growth).encode(), content)
    return {**members, ini: changed}


# --------------------------------------------------------------------------- modelDetails.json

_JSON_VALUES: Final = (
    None, True, [], {}, [[]], "", "x", -1, 10**30, 1e308, float("nan"), "LabelEncoder", {"name": []}
)  # fmt: skip


def mutate_details(members: Members, random: Random) -> Members:
    """Replace a value somewhere in the training details."""
    try:
        document = json.loads(members[DETAILS])
    except (KeyError, ValueError, RecursionError):
        return members
    node, parent, place = document, None, None
    while isinstance(node, (dict, list)) and node and (parent is None or random.random() < 0.9):
        place = random.choice(list(node) if isinstance(node, dict) else range(len(node)))
        parent, node = node, node[place]
    value = random.choice(_JSON_VALUES)
    if parent is None:
        document = value
    else:
        parent[place] = value
    return {**members, DETAILS: json.dumps(document).encode()}


# --------------------------------------------------------------------------- all of them


class Mutation(StrEnum):
    """What is done to a MOJO."""

    FLIP_BYTE = "flip a byte"
    TRUNCATE = "truncate a member"
    SWAP_MEMBERS = "swap members"
    DROP_MEMBER = "drop a member"
    DROP_KEY = "drop a key"
    DUPLICATE_KEY = "duplicate a key"
    MUTATE_VALUE = "mutate a value"
    REORDER_SECTIONS = "reorder sections"
    MUTATE_COLUMNS = "mutate columns"
    INSERT_LEVEL = "insert a level"
    DROP_LEVEL = "drop a level"
    DUPLICATE_LEVEL = "duplicate a level"
    MUTATE_DETAILS = "mutate training details"


MUTATIONS: Final[Mapping[Mutation, Callable[[Members, Random], Members]]] = {
    Mutation.FLIP_BYTE: flip_byte,
    Mutation.TRUNCATE: truncate,
    Mutation.SWAP_MEMBERS: swap_members,
    Mutation.DROP_MEMBER: drop_member,
    Mutation.DROP_KEY: drop_key,
    Mutation.DUPLICATE_KEY: duplicate_key,
    Mutation.MUTATE_VALUE: mutate_value,
    Mutation.REORDER_SECTIONS: reorder_sections,
    Mutation.MUTATE_COLUMNS: mutate_columns,
    Mutation.INSERT_LEVEL: insert_level,
    Mutation.DROP_LEVEL: drop_level,
    Mutation.DUPLICATE_LEVEL: duplicate_level,
    Mutation.MUTATE_DETAILS: mutate_details,
}


def mutated(members: Members, mutation: Mutation, random: Random) -> Members:
    """Return the members with one mutation; without any, an empty ``model.ini``."""
    return MUTATIONS[mutation](members or {INI: b""}, random)
