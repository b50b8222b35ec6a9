"""Mutations of a POJO's source that know Java's words and lines."""

import functools
import re
from pathlib import Path
from random import Random
from typing import Final

_ROOT: Final = Path(__file__).parents[2]
#: So large a seed at most.
_SEED_BYTES: Final = 15_000
_WORD: Final = re.compile(rb'"(?:[^"\\\n]|\\.)*"|[\w.$]+|[^\s\w]')
_NUMBER: Final = re.compile(rb"(?<![\w.])-?\d[\w.]*(?:E-\d+f?)?")
_NUMBERS: Final = (
    *b"0 1 -1 2 3000 2147483647 2147483648 -2147483648 99999999999 1e999 1e-999 0e99999999".split(),
    *b"017 1_0 3.4028236e38f 1E-45f 0.5 0.5f +5f .5f null Double.NaN Float.NaN \xd9\xa1".split(),
    *b"1.00000017881393432617187500f 7.0064923216240854e-46f Float.POSITIVE_INFINITY".split(),
    *(b"9" * 500, b"0." + b"7" * 300),
)
_WORDS: Final = (
    *rb"""; { } }} ( ) , [ ] = */ /* // " \ null static class VALUES X.VALUES \u0022""".split(),
    *rb"""\ud83d \u000a "\q" float[2147483647] double[0] sa[5]=1; sa[0]=1.0f;""".split(),
    *(b"", b"\x00", b"\xef\xbb\xbf", b"\xff\xfe", b"\r\n", b"}" * 3000, b" " * 9000, b"a" * 9000),
    *(b'"' + b"a" * 9000 + b'"', b"/* " + b"x" * 9000 + b" */", b'sa[0] = "x";', b"sa[99999]"),
)


@functools.cache
def seeds() -> list[bytes]:
    """Return small real sources."""
    golden = sorted(_ROOT.glob("golden_mojos/forms/*/*.java"))
    return [path.read_bytes() for path in golden if path.stat().st_size <= _SEED_BYTES]


def _spans(pattern: re.Pattern[bytes], content: bytes) -> list[tuple[int, int]]:
    return [found.span() for found in pattern.finditer(content)]


@functools.cache
def _words(content: bytes) -> list[tuple[int, int]]:
    return _spans(_WORD, content)


@functools.cache
def _numbers(content: bytes) -> list[tuple[int, int]]:
    return _spans(_NUMBER, content)


def _replaced(content: bytes, span: tuple[int, int], new: bytes) -> bytes:
    return content[: span[0]] + new + content[span[1] :]


# --------------------------------------------------------------------------- mutations


def change_number(content: bytes, random: Random) -> bytes:
    """Write another number: a size, an index, a weight."""
    return _replaced(content, random.choice(_numbers(content)), random.choice(_NUMBERS))


def change_word(content: bytes, random: Random) -> bytes:
    """Put another word in a word's place."""
    return _replaced(content, random.choice(_words(content)), random.choice(_WORDS))


def put_word(content: bytes, random: Random) -> bytes:
    """Put a word between two."""
    start, _ = random.choice(_words(content))
    return _replaced(content, (start, start), random.choice(_WORDS))


def take_word(content: bytes, random: Random) -> bytes:
    """Put a word of the source in another's place."""
    start, stop = random.choice(_words(content))
    return _replaced(content, random.choice(_words(content)), content[start:stop])


def flip_byte(content: bytes, random: Random) -> bytes:
    """Replace one byte."""
    start = random.randrange(len(content))
    return _replaced(content, (start, start + 1), bytes([random.randrange(256)]))


def move_lines(content: bytes, random: Random) -> bytes:
    """Leave lines out, write them twice, or elsewhere."""
    lines = content.split(b"\n")
    start = random.randrange(len(lines))
    piece = lines[start : start + random.choice((1, 1, 2, 5, 40))]
    kept = lines[:start] + (lines[start + len(piece) :] if random.random() < 0.7 else lines[start:])
    if random.random() < 0.6:
        place = random.randrange(len(kept) + 1)
        kept = kept[:place] + piece + kept[place:]
    return b"\n".join(kept)


def splice(content: bytes, random: Random) -> bytes:
    """Let lines of another source stand in the place of lines."""
    lines, other = content.split(b"\n"), random.choice(seeds()).split(b"\n")
    start, second = random.randrange(len(lines)), random.randrange(len(other))
    count = random.choice((1, 3, 10, 100))
    return b"\n".join(lines[:start] + other[second : second + count] + lines[start + count :])


def cut(content: bytes, random: Random) -> bytes:
    """Cut the end off."""
    return content[: random.randrange(len(content))]


def many_lines(content: bytes, random: Random) -> bytes:
    """Let an array be as long as the fast way of reading lines takes, and break one of them."""
    count = random.randrange(1000, 1200)
    found = re.search(rb"new float\[(\d+)\];\n(?s:.*?)sa\) \{\n(?s:.*?)    \}\n", content)
    if found is None:
        return content
    value = random.choice((b"0.5f", b"-1.25E-4f", b"1.0E-12f", b"12.5f", b"0.123456789012f"))
    lines = [b"        sa[%d] = %b;\n" % (index, value) for index in range(count)]
    body = found[0].replace(found[1], b"%d" % count, 1)
    body = body[: body.index(b"sa) {\n") + 6] + b"".join(lines) + b"    }\n"
    start = len(body) - random.randrange(20, 6000)
    return _replaced(content, found.span(), flip_byte(body[:start], random) + body[start:])


_MUTATIONS: Final = (
    *(change_number, change_number, change_word, change_word, put_word, take_word, take_word),
    *(flip_byte, move_lines, splice, cut, many_lines),
)


def mutated_pojo(random: Random) -> bytes:
    """Return a real source with something changed."""
    return random.choice(_MUTATIONS)(random.choice(seeds()), random)
