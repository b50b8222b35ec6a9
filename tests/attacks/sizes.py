"""What asks for too much memory or time: declared sizes, bombs, endless names."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from support import Edit, golden, ini_edit, ini_key, rewritten

from attacks import Attack
from attacks.raw_zip import Entry, raw_zip, sound_entries, written
from mojo_reader.errors import MojoLimitError, MojoUnsupportedError

MEBIBYTE = 1 << 20


def raise_it(name: str) -> str:
    return f"to raise it: --limit {name}=N, or read_model(..., limits=Limits({name}=N))"


def _rewritten(case: str, edits: Mapping[str, Edit | bytes]) -> Callable[[Path], Path]:
    def build(folder: Path) -> Path:
        return rewritten(golden(case).path, folder / "model.zip", edits)

    return build


def _iris(edits: Mapping[str, Edit | bytes]) -> Callable[[Path], Path]:
    return _rewritten("iris_tanh", edits)


def _with(*more: Entry, **options: Any) -> Callable[[Path], Path]:
    def build(folder: Path) -> Path:
        return written(folder, raw_zip([*sound_entries(), *more], **options))

    return build


def _info(lines: bytes | Callable[[], bytes]) -> Mapping[str, Edit]:
    def edit(ini: bytes) -> bytes:
        more = lines if isinstance(lines, bytes) else lines()
        return ini.replace(b"[columns]", more + b"\n[columns]")

    return {"model.ini": edit}


def _weights(text: Callable[[], bytes]) -> Callable[[Path], Path]:
    """Give a file whose first weights are another text."""

    def edit(ini: bytes) -> bytes:
        start = ini.index(b"weight_layer0 = ") + len(b"weight_layer0 = ")
        return ini[:start] + text() + ini[ini.index(b"\n", start) :]

    return _iris({"model.ini": edit})


def _repeated(start: bytes, unit: bytes, size: int, end: bytes = b"") -> Callable[[], bytes]:
    """Give a long text when it is asked for: most runs only collect it."""
    return lambda: start + unit * (size // len(unit)) + end


def _many_members(folder: Path) -> Path:
    one = Entry(b"", b"", method=0)
    more = [replace(one, name=b"%d" % index) for index in range(100_000)]
    return written(folder, raw_zip([*sound_entries(), *more], count=0xFFFF))


def _shared_domain(count: int) -> Callable[[Path], Path]:
    """Let many columns name one domain file."""

    def edit(ini: bytes) -> bytes:
        names = b"".join(b"c%d\n" % index for index in range(count))
        entries = b"".join(b"%d: 100000 d000.txt\n" % index for index in range(count))
        start = ini.index(b"[columns]")
        head = ini[:start].replace(b"n_columns = 5", b"n_columns = %d" % count)
        return head + b"[columns]\n" + names + b"\n[domains]\n" + entries

    return _iris({"model.ini": edit, "domains/d000.txt": b"a\n" * 100_000})


DECLARED = [
    Attack(
        "10^9 units",
        _iris(ini_key("neural_network_sizes", "[4, 1000000000, 8, 3]")),
        "expected 4000000000 numbers, found 40 (model.ini weight_layer0)",
    ),
    Attack(
        "10^5 layers",
        _iris(ini_key("neural_network_sizes", str([4] * 100_000))),
        "expected at most 32 numbers by neural_network_sizes, found more (model.ini weight_layer0)",
    ),
    Attack(
        "2^31 - 1 columns",
        _iris(ini_key("n_columns", "2147483647")),
        "the model has 2,147,483,647 columns, the limit is 1,000,000; "
        f"{raise_it('columns')} (model.ini n_columns)",
        MojoLimitError,
    ),
    Attack(
        "75,000 columns",
        _iris(ini_key("n_columns", "75000")),
        "the member ends too early (model.ini)",
    ),
    Attack(
        "a million columns",
        _iris(ini_key("n_columns", "1000000")),
        "the model has 1,000,000 columns, the limit is 75,000; "
        f"{raise_it('columns_free')} (model.ini n_columns)",
        MojoLimitError,
    ),
    Attack(
        "2^31 - 1 levels",
        _iris(ini_edit("4: 3 d000.txt", "4: 2147483647 d000.txt")),
        "a column has 2,147,483,647 levels, the limit is 1,000,000; "
        f"{raise_it('column_levels')} (model.ini [domains])",
        MojoLimitError,
    ),
    Attack(
        "490,000 levels",
        _iris(ini_edit("4: 3 d000.txt", "4: 490000 d000.txt")),
        "expected 490000 levels, found 3 (domains/d000.txt)",
    ),
    Attack(
        "a million levels",
        _iris(ini_edit("4: 3 d000.txt", "4: 1000000 d000.txt")),
        "the columns have 1,000,000 levels or more, which count as 1,000,010 (10 more for a "
        "column), the limit is 500,000; "
        f"{raise_it('levels_free')} (model.ini [domains])",
        MojoLimitError,
    ),
    Attack(
        "many columns that share their levels",
        _shared_domain(1000),
        "the columns have 500,000 levels or more, which count as 500,050 (10 more for a column), "
        "the limit is 500,000; "
        f"{raise_it('levels_free')} (model.ini [domains])",
        MojoLimitError,
    ),
    Attack(
        "2^31 - 1 original columns",
        _rewritten("encoding_binary", ini_key("_n_orig_names", "2147483647")),
        "the model has 2,147,483,647 original columns, the limit is 1,000,000; "
        f"{raise_it('columns')} (model.ini _n_orig_names)",
        MojoLimitError,
    ),
    Attack(
        "2^31 - 1 original levels",
        _rewritten("encoding_binary", ini_key("_m_orig_domain_values_1", "2147483647")),
        "a column has 2,147,483,647 levels, the limit is 1,000,000; "
        f"{raise_it('column_levels')} (model.ini _m_orig_domain_values_K)",
        MojoLimitError,
    ),
    Attack(
        "2^31 - 1 base models",
        _rewritten("stacked_ensemble_deep_tanh", ini_key("base_models_num", "2147483647")),
        "this is a stacked ensemble; choose one of its deep-learning base models with base_model "
        "(--base-model): stacked_ensemble_deep_tanh_deep_tanh, "
        "stacked_ensemble_deep_tanh_deep_maxout",
        MojoUnsupportedError,
    ),
    Attack(
        "2^31 - 1 submodels",
        _rewritten("stacked_ensemble_deep_tanh", ini_key("submodel_count", "2147483647")),
        "the key is missing (model.ini submodel_key_5)",
    ),
    Attack(
        "a column's index of 5,000 digits",
        _iris(ini_edit("4: 3 d000.txt", "4" * 5000 + ": 3 d000.txt")),
        f"expected COLUMN_INDEX: COUNT FILE under [domains], found '{'4' * 40}...' (model.ini)",
    ),
]


LONG = [
    Attack(
        "a key of 2 MiB",
        _iris(_info(_repeated(b"", b"k", 2 * MEBIBYTE, b" = 1"))),
        f"a line has 1,114,112 bytes or more, the limit is 1,048,576; {raise_it('line_bytes')} "
        "(model.ini)",
        MojoLimitError,
    ),
    Attack(
        "a comment of 2 MiB",
        _iris(_info(_repeated(b"#", b"c", 2 * MEBIBYTE))),
        f"a line has 1,114,112 bytes or more, the limit is 1,048,576; {raise_it('line_bytes')} "
        "(model.ini)",
        MojoLimitError,
    ),
    Attack(
        "a column's name of 2 MiB",
        _iris(ini_edit("\nPetal.Width\n", f"\n{'P' * 2 * MEBIBYTE}\n")),
        f"a line has 1,114,112 bytes or more, the limit is 1,048,576; {raise_it('line_bytes')} "
        "(model.ini)",
        MojoLimitError,
    ),
    Attack(
        "100,000 keys more",
        _iris(_info(b"\n".join(b"k%d =" % index for index in range(100_000)))),
        f"[info] has 100,001 lines or more, the limit is 100,000; {raise_it('keys')} (model.ini)",
        MojoLimitError,
    ),
    Attack(
        "a number of 60 MiB",
        _weights(_repeated(b"[", b"1", 60 * MEBIBYTE, b"]")),
        "expected numbers, found a text of more than 65,536 bytes (model.ini weight_layer0)",
    ),
    Attack(
        "60 MiB of separators",
        _weights(_repeated(b"[", b",", 60 * MEBIBYTE, b"]")),
        "number 0 of the array: '' is not a number (model.ini weight_layer0)",
    ),
    Attack(
        "60 MiB of weights",
        _weights(_repeated(b"[", b"0.0, ", 60 * MEBIBYTE, b"0.0]")),
        "expected at most 80 numbers by neural_network_sizes, found more (model.ini weight_layer0)",
    ),
    Attack(
        "60 MiB of weights that pack as tightly as they can",
        _weights(_repeated(b"[", b"1,", 60 * MEBIBYTE, b"1]")),
        "expected at most 80 numbers by neural_network_sizes, found more (model.ini weight_layer0)",
    ),
    Attack(
        "60 MiB of biases of a layer that is none",
        _iris(_info(_repeated(b"bias_layer9 = [", b"1,", 60 * MEBIBYTE, b"1]"))),
        "expected at most 0 numbers by neural_network_sizes, found more (model.ini bias_layer9)",
    ),
    Attack(
        "60 MiB of carriage returns",
        _iris(_info(_repeated(b"", b"\r", 60 * MEBIBYTE, b"x"))),
        f"[info] has 100,001 lines or more, the limit is 100,000; {raise_it('keys')} (model.ini)",
        MojoLimitError,
    ),
    Attack(
        "60 MiB of blank lines before the domains",
        _iris(ini_edit("[domains]", "\n" * 60 * MEBIBYTE + "[domains]")),
        "100,001 lines or more are blank or comments, the limit is 100,000; "
        f"{raise_it('keys')} (model.ini)",
        MojoLimitError,
    ),
    Attack(
        "60 MiB of blank lines as levels",
        _iris({"domains/d000.txt": b"\n" * 60 * MEBIBYTE}),
        f"expected 3 levels, found {60 * MEBIBYTE} (domains/d000.txt)",
    ),
    Attack(
        "a member 40 folders deep",
        _with(Entry(b"a/" * 40 + b"b", b"x")),
        f"a member stands 40 folders deep, the limit is 32; {raise_it('depth')}",
        MojoLimitError,
    ),
    Attack(
        "100,000 members more",
        _many_members,
        f"the zip has 100,004 members, the limit is 100,000; {raise_it('members')}",
        MojoLimitError,
    ),
]

BOMBS = [
    Attack(
        "a member of 100 MiB in 100 KB",
        _with(Entry(b"zeros", bytes(100 * MEBIBYTE))),
        f"the zip unpacks to 916 times its size, the limit is 20; {raise_it('ratio')}",
        MojoLimitError,
    ),
    Attack(
        "a member of 100 MiB beside what does not pack",
        _with(
            Entry(b"zeros", bytes(100 * MEBIBYTE)), Entry(b"noise", bytes(10 * MEBIBYTE), method=0)
        ),
        f"zeros unpacks to 1,028 times its size, the limit is 20; {raise_it('ratio')}",
        MojoLimitError,
    ),
    Attack(
        "members that say they have 4 GiB",
        _with(*(Entry(b"%d" % index, b"x", size=0xFFFF_FFF0) for index in range(3))),
        "the members have 12,884,905,462 bytes, the limit is 8,589,934,592; "
        f"{raise_it('unpacked_bytes')}",
        MojoLimitError,
    ),
]

ATTACKS = [*DECLARED, *LONG, *BOMBS]
