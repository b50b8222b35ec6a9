"""Each limit refuses what is above it, says how to raise it, and bounds the memory."""

import dataclasses
import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from attacks.large import Network, array
from attacks.raw_zip import Entry, raw_zip, sound_entries
from attacks.sizes import ATTACKS, BOMBS, MEBIBYTE, raise_it
from support import golden, golden_cases, ini_key, rewritten
from typer.testing import CliRunner

from mojo_reader import list_base_models, read_mojo
from mojo_reader.cli.app import program
from mojo_reader.details import DETAILS, read_details
from mojo_reader.errors import MojoError, MojoLimitError
from mojo_reader.formats.limits import DEFAULT_LIMITS, Limits, parse_limits

IRIS = golden("iris_tanh")
BINARY = golden("encoding_binary")
AUTOENCODER = golden("autoencoder_far_means")
ENSEMBLE = golden("stacked_ensemble_deep_tanh")


def iris_facts() -> dict[str, int]:
    with ZipFile(IRIS.path) as file:
        infos = file.infolist()
        details = file.read(DETAILS)
        lines = file.read("model.ini").split(b"[columns]")[0].count(b"\n")
    return {
        "file_bytes": IRIS.path.stat().st_size,
        "unpacked_bytes": sum(info.file_size for info in infos if info.filename != DETAILS),
        "members": len(infos),
        "lines": lines,
        "details_bytes": len(details),
        "details_values": sum(details.count(sign) for sign in (b"[", b"{", b",", b":")),
    }


FACTS = iris_facts()

# limit, highest number that refuses the iris model, what is said before the limit, and the place
REFUSED: list[tuple[str, int, str, str]] = [
    (
        "file_bytes",
        FACTS["file_bytes"] - 1,
        f"the file has {FACTS['file_bytes']:,} bytes or more",
        "",
    ),
    ("members", FACTS["members"] - 1, f"the zip has {FACTS['members']} members", ""),
    (
        "unpacked_bytes",
        FACTS["unpacked_bytes"] - 1,
        f"the members have {FACTS['unpacked_bytes']:,} bytes",
        "",
    ),
    ("keys", FACTS["lines"] - 1, f"[info] has {FACTS['lines']} lines or more", "model.ini"),
    ("columns", 4, "the model has 5 columns", "model.ini n_columns"),
    ("column_levels", 2, "a column has 3 levels", "model.ini [domains]"),
    ("levels", 2, "the columns have 3 levels or more", "model.ini [domains]"),
    ("weights", 39, "the network has 40 weights or more", "model.ini weight_layer0"),
    ("biases", 9, "the network has 10 biases or more", "model.ini bias_layer0"),
    ("layers", 2, "the network has 3 layers", "model.ini neural_network_sizes"),
]

# What a file warrants by its size, the bytes of each, and as above.
WARRANTED: list[tuple[str, str, int, str, str]] = [
    ("columns_free", "column_bytes", 4, "the model has 5 columns", "model.ini n_columns"),
    (
        "levels_free",
        "level_bytes",
        12,
        "the columns have 3 levels or more, which count as 13 (10 more for a column)",
        "model.ini [domains]",
    ),
    (
        "weights_free",
        "weight_bytes",
        143,
        "the network has 144 weights or more",
        "model.ini weight_layer2",
    ),
]


@pytest.mark.parametrize(("name", "each", "limit", "found", "place"), WARRANTED, ids=str)
def test_a_file_has_what_is_free_or_what_its_bytes_warrant(
    name: str, each: str, limit: int, found: str, place: str
) -> None:
    size = FACTS["file_bytes"]
    with pytest.raises(MojoLimitError) as caught:
        read_mojo(IRIS.path, limits=Limits(**{name: 1, each: size // limit}))
    message = f"{found}, the limit is {limit:,}; {raise_it(name)} ({place})"
    assert str(caught.value) == f"{IRIS.path}: {message}"
    for limits in (
        Limits(**{name: 1, each: size // (limit + 1)}),
        Limits(**{name: limit + 1, each: 1 << 30}),
    ):
        assert read_mojo(IRIS.path, limits=limits).layers


def test_outputs_count_as_columns() -> None:
    with pytest.raises(MojoLimitError) as caught:
        read_mojo(AUTOENCODER.path, limits=Limits(columns_free=5, column_bytes=1 << 30))
    assert str(caught.value) == (
        f"{AUTOENCODER.path}: the network has 6 outputs, the limit is 5; "
        f"{raise_it('columns_free')} (model.ini neural_network_sizes)"
    )


def test_an_array_has_no_more_numbers_than_columns_or_levels(tmp_path: Path) -> None:
    path = Network(keys={b"norm_mul": array(500_002, b"1")}).build(tmp_path)
    with pytest.raises(MojoLimitError) as caught:
        read_mojo(path)
    assert str(caught.value) == (
        f"{path}: the array has 500,002 numbers, the limit is 500,000; {raise_it('levels_free')} "
        "(model.ini norm_mul)"
    )


def test_original_columns_count_too(tmp_path: Path) -> None:
    keys = {b"_genmodel_encoding": b"Eigen", b"_n_orig_names": b"160000"}
    path = Network(keys=keys, members={b"_orig_names": b"\n" * 160_000}).build(tmp_path)
    with pytest.raises(MojoLimitError) as caught:
        read_mojo(path)
    assert str(caught.value) == (
        f"{path}: the model has 160,000 original columns, the limit is 75,000; "
        f"{raise_it('columns_free')} (model.ini _n_orig_names)"
    )


@pytest.mark.parametrize(("name", "limit", "found", "place"), REFUSED, ids=str)
def test_a_limit_refuses_what_is_above_it(name: str, limit: int, found: str, place: str) -> None:
    with pytest.raises(MojoLimitError) as caught:
        read_mojo(IRIS.path, limits=Limits(**{name: limit}))
    at = f" ({place})" if place else ""
    message = f"{found}, the limit is {limit:,}; {raise_it(name)}{at}"
    assert str(caught.value) == f"{IRIS.path}: {message}"


def test_what_is_at_a_limit_is_read() -> None:
    facts = {
        "depth": 1,
        "file_bytes": FACTS["file_bytes"],
        "members": FACTS["members"],
        "unpacked_bytes": FACTS["unpacked_bytes"],
        "keys": FACTS["lines"],
        "columns": 5,
        "column_levels": 3,
        "levels": 3,
        "details_bytes": FACTS["details_bytes"],
        "details_values": FACTS["details_values"],
        "weights": sum(layer.inputs * layer.units for layer in IRIS.mojo().layers),
        "biases": sum(layer.units for layer in IRIS.mojo().layers),
    }
    mojo = read_mojo(IRIS.path, limits=Limits(**facts))
    assert not mojo.kept.left_out


def test_a_line_and_an_array_have_limits_where_they_are_long(tmp_path: Path) -> None:
    long = "x" * 100_000
    path = rewritten(IRIS.path, tmp_path / "text.zip", ini_key("uuid", long))
    assert read_mojo(path).info.uuid == long
    with pytest.raises(MojoLimitError, match=r"a line has 100,008 bytes or more, .*line_bytes=N"):
        read_mojo(path, limits=Limits(line_bytes=90_000))
    array = f"[{'0.5, ' * 50_000}0.5]"
    path = rewritten(IRIS.path, tmp_path / "array.zip", ini_key("prior_class_distrib", array))
    with pytest.raises(MojoLimitError, match=r"bytes or more, .*array_bytes=N"):
        read_mojo(path, limits=Limits(line_bytes=1, array_bytes=90_000))
    with pytest.raises(MojoError, match="expected 3 numbers, found 50001"):
        read_mojo(path, limits=Limits(line_bytes=90_000))


def test_the_levels_before_an_encoding_count_too() -> None:
    with pytest.raises(MojoLimitError) as caught:
        read_mojo(BINARY.path, limits=Limits(column_levels=10))
    assert str(caught.value) == (
        f"{BINARY.path}: a column has 11 levels, the limit is 10; {raise_it('column_levels')} "
        "(model.ini _m_orig_domain_values_K)"
    )


def test_an_unpacked_folder_has_the_same_limits(tmp_path: Path) -> None:
    with ZipFile(IRIS.path) as file:
        file.extractall(tmp_path)
    for limits, message in [
        (Limits(members=2), "the folder has 3 members or more, the limit is 2; "),
        (Limits(unpacked_bytes=9), f"the members have {FACTS['unpacked_bytes']:,} bytes, "),
    ]:
        with pytest.raises(MojoLimitError) as caught:
            read_mojo(tmp_path, limits=limits)
        assert str(caught.value).startswith(f"{tmp_path}: {message}")
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    with pytest.raises(MojoLimitError, match="a member stands 3 folders deep, the limit is 2; "):
        read_mojo(tmp_path, limits=Limits(depth=2))


@pytest.mark.parametrize("name", ["details_bytes", "details_values"])
def test_large_details_cost_the_parameters_until_the_limit_is_raised(name: str) -> None:
    mojo = read_mojo(IRIS.path, limits=Limits(**{name: 1000}))
    assert DETAILS not in mojo.kept.members
    what = name.removeprefix("details_")
    assert read_details(mojo).warning == (
        f"training parameters are not known: modelDetails.json has {FACTS[name]:,} {what}, the "
        f"limit is 1,000; {raise_it(name)}"
    )
    assert read_details(read_mojo(IRIS.path)).warning is None


def test_a_ratio_counts_only_above_what_is_free() -> None:
    content = raw_zip([*sound_entries(), Entry(b"zeros", bytes(MEBIBYTE))])
    assert read_mojo(content).kept.members["zeros"] == bytes(MEBIBYTE)
    with pytest.raises(
        MojoLimitError, match=f"times its size, the limit is 5; {raise_it('ratio')[:9]}"
    ):
        read_mojo(content, limits=Limits(ratio_free_bytes=1000, ratio=5))


def test_a_stream_without_an_end_is_not_read_to_it() -> None:
    class Endless(io.RawIOBase):
        given = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
            self.given += len(buffer)
            return len(buffer)

    stream = Endless()
    with pytest.raises(MojoLimitError, match=r"the file has [\d,]+ bytes or more, the limit is 1,"):
        read_mojo(stream, limits=Limits(file_bytes=1_000_000))  # type: ignore[arg-type]
    assert stream.given < 2_000_000


def test_every_model_of_h2o_is_far_below_every_limit() -> None:
    tight = Limits(
        **{
            field.name: max(1, getattr(DEFAULT_LIMITS, field.name) // 20)
            for field in dataclasses.fields(Limits)
            if field.name not in {"depth", "ratio"}
        },
        depth=DEFAULT_LIMITS.depth // 4,
        ratio=DEFAULT_LIMITS.ratio // 8,
    )
    for case in golden_cases():
        mojo = read_mojo(case.path, base_model=case.case.get("base_model"), limits=tight)
        assert not mojo.kept.left_out


def test_base_models_are_listed_within_limits() -> None:
    with pytest.raises(MojoLimitError):
        list_base_models(ENSEMBLE.path, limits=Limits(members=1))


# --------------------------------------------------------------------------- choosing


def test_limits_are_chosen_by_name() -> None:
    assert parse_limits([]) == DEFAULT_LIMITS
    assert parse_limits(["weights=7", "members=8"]) == Limits(weights=7, members=8)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("members", "expected NAME=NUMBER, found 'members'"),
        ("members=many", "expected NAME=NUMBER, found 'members=many'"),
        ("members=-1", "expected NAME=NUMBER, found 'members=-1'"),
        ("members=0", "the limit members must be a positive integer, found 0"),
        ("size=5", "'size' is no limit; known are file_bytes, members, depth"),
    ],
)
def test_what_is_no_limit_is_said(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        parse_limits([text])


def test_every_limit_is_documented_with_its_default() -> None:
    text = (Path(__file__).parent.parent / "SECURITY.md").read_text("utf-8")
    rows = [line.split(" | ") for line in text.partition("## Limits")[2].splitlines()]
    documented: dict[str, str] = {}
    for names, defaults, *_ in (row for row in rows if row[0].startswith("| `")):
        documented |= dict(zip(names.strip("| ").split(", "), defaults.split("; "), strict=True))
    assert documented == {
        f"`{field.name}`": in_words(getattr(DEFAULT_LIMITS, field.name))
        for field in dataclasses.fields(Limits)
    }


def in_words(number: int) -> str:
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB")):
        if number % unit == 0:
            return f"{number // unit} {name}"
    return f"{number:,}"


def test_a_limit_is_a_positive_integer() -> None:
    with pytest.raises(ValueError, match=r"limit weights must be a positive integer, found 1\.5"):
        Limits(weights=1.5)  # type: ignore[arg-type]


def test_the_program_takes_limits() -> None:
    runner = CliRunner()
    refused = runner.invoke(program(), ["inspect", str(IRIS.path), "--limit", "members=1"])
    assert refused.exit_code == 3
    assert "the limit is 1; to raise it: --limit members=N" in refused.output
    told = runner.invoke(program(), ["inspect", str(IRIS.path), "--limit", "size=1"])
    assert told.exit_code == 2
    assert "'size' is no limit" in told.output
    read = runner.invoke(program(), ["inspect", str(IRIS.path), "--limit", "members=7", "--json"])
    assert read.exit_code == 0


def test_every_command_that_reads_a_model_takes_limits() -> None:
    runner = CliRunner()
    for command in program().registered_commands:
        name = command.name or command.callback.__name__  # type: ignore[union-attr]
        shown = runner.invoke(program(), [name, "--help"], env={"COLUMNS": "200"}).output
        assert ("--limit " in shown) == ("--base-model" in shown), name


# --------------------------------------------------------------------------- memory

_PEAK = """
import sys
from mojo_reader import read_mojo
from mojo_reader.errors import MojoError

# By the process's own count: that of `resource` would start at its parent's.
def peak_memory():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))

started = peak_memory()
try:
    read_mojo(sys.argv[1])
except MojoError as error:
    print("refused", end=" ")
else:
    print("read", end=" ")
print(peak_memory() - started)
"""


def peak(path: Path) -> tuple[str, int]:
    """Read a file in a process of its own; return how it ended and the memory that it took."""
    done = subprocess.run(
        [sys.executable, "-c", _PEAK, str(path)], check=True, capture_output=True, text=True
    )
    how, size = done.stdout.split()
    return how, int(size)


def zero_network(units: int) -> Callable[[Path], Path]:
    """Give a sound file whose weights are zeros, which pack as well as an attack does."""
    zeros = ", ".join(["0.0"] * units)
    network = {
        "neural_network_sizes": f"[4, {units}, 3]",
        "hidden_dropout_ratios": "[0.0, 0.0]",
        "weight_layer0": f"[{', '.join([zeros] * 4)}]",
        "bias_layer0": f"[{zeros}]",
        "weight_layer1": f"[{', '.join([zeros] * 3)}]",
        "bias_layer1": "[0.0, 0.0, 0.0]",
        "weight_layer2": None,
        "bias_layer2": None,
    }

    def edit(ini: bytes) -> bytes:
        for key, value in network.items():
            ini = ini_key(key, value)["model.ini"](ini)
        return ini

    def build(folder: Path) -> Path:
        return rewritten(IRIS.path, folder / "zeros.zip", {"model.ini": edit})

    return build


@pytest.mark.long
def test_a_refused_file_takes_no_more_memory_than_twice_a_legal_one(tmp_path: Path) -> None:
    """The legal one has 46 MiB, nearly all weights that a small file may have; attacks have 60."""
    legal = zero_network(46 * MEBIBYTE // (8 * len("0.0, ")))(tmp_path)
    how, taken = peak(legal)
    allowed = taken * 60 // 46
    assert how == "read"
    mojo = read_mojo(legal)
    assert sum(kernel.size for layer in mojo.layers for kernel in layer.kernels) > 8_000_000
    assert not np.any(mojo.layers[0].kernels[0])
    attacks = [attack for attack in ATTACKS if "60 MiB" in attack.name or attack in BOMBS]
    for attack in attacks:
        folder = tmp_path / attack.name
        folder.mkdir()
        how, taken = peak(attack.build(folder))
        assert how == "refused"
        assert taken < 2 * allowed, f"{attack.name}: {taken:,} of {allowed:,} bytes"
