"""POJOs that are refused: one sentence each, with the line."""

import io
import re
import time

import numpy as np
import pytest
from pojo_support import changed, read_source, refusal, source

from mojo_reader.errors import MojoFormatError, MojoLimitError, MojoUnsupportedError
from mojo_reader.formats.limits import Limits
from mojo_reader.formats.pojo.arrays import Slot, read_array
from mojo_reader.formats.pojo.source import Source

NUMBERS = "v3_46_regression_maxout"
SMALL = "v3_46_fewer_levels_mean"
#: Together they have every statement that H2O writes.
RULES = (
    NUMBERS,
    SMALL,
    "v3_46_binomial_rectifier_dropout",
    "v3_46_autoencoder_encoding_eigen",
    "v3_24_autoencoder_tanh",
    "v3_20_poisson",
    "v3_20_balance_classes_multinomial",
    "v3_44_not_standardized",
    "v3_46_multinomial_tanh_dropout",
)


def rule_lines(content: str) -> range:
    """Return the lines of the method that scores, from 0."""
    lines = content.split("\n")
    start = next(i for i, line in enumerate(lines) if "score0" in line)
    stop = next(i for i, line in enumerate(lines) if "return preds;" in line)
    return range(start, stop + 1)


def line_of(message: str) -> int:
    found = re.match(r"line ([\d,]+): ", message)
    assert found is not None, message
    return int(found[1].replace(",", ""))


CHANGES = [
    pytest.param(change, case, marks=() if case in {NUMBERS, SMALL} else pytest.mark.long)
    for change in ("more", "other", "gone", "twice")
    for case in RULES
]


@pytest.mark.parametrize(("change", "case"), CHANGES)
def test_every_statement_that_scores_is_known(change: str, case: str) -> None:
    content = source(case)
    for number in rule_lines(content):
        lines = content.split("\n")
        line = lines[number]
        code = line.partition("//")[0]
        if not re.sub(r"\W", "", code):
            continue  # a brace
        if change == "gone" and "correctProbabilities" in line:
            continue  # a model without it
        if change == "other" and "getPrediction" in line:
            continue  # another threshold
        word = re.findall(r"\w+", code)[-1]
        before, _, after = code.rpartition(word)
        lines[number] = {
            "more": f"i = i + 1; {line}",
            "other": f"{before}{word}0{after}",
            "gone": "",
            "twice": f"{line}\n{line}",
        }[change]
        error = refusal("\n".join(lines))
        assert type(error) is MojoUnsupportedError or "score0" in line
        assert abs(line_of(str(error)) - (number + 1)) <= 2, (line, str(error))
        if change == "other":
            assert line_of(str(error)) == number + 1


def test_the_sentence_of_an_unknown_rule() -> None:
    content = changed(
        SMALL, "Math.max(0, ACTIVATION[i][r])", "Math.max(0.01 * r, ACTIVATION[i][r])"
    )
    error = refusal(content)
    line = next(i for i, text in enumerate(content.split("\n"), 1) if "0.01 * r" in text)
    assert str(error) == (
        f"line {line}: found 'ACTIVATION[i][r] = Math.max(0.01 * r, ACTIVATION[i][r]);', which is "
        "no rule that is known here; expected another rule of H2O's"
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("ModelCategory.Regression", "ModelCategory.Clustering", "category 'Clustering'"),
        ("getModelCategory", "getCategory", "expected a member of a class that H2O wrote"),
        ("isSupervised() { return true", "isSupervised() { return false", "isSupervised false"),
        ("nfeatures() { return ", "nfeatures() { return 1", "expected as many features as CATS"),
        ("NEURONS = {", "NEURONS = {0,", "two positive NEURONS"),
        ("NEURONS = {", "NEURONS = {99,", "inputs (CATOFFSETS and NUMS), found 99"),
        ("NEURONS = {", "NEURONS = {5,", "categoricals were hashed"),
        ("NEURONS = {", "NEURONS = {05,", "'05' is not an integer"),
        ("NEURONS = {", "NEURONS = {99999999999,", "is not an integer"),
        ("CATOFFSETS = {0,", "CATOFFSETS = {1,", "CATOFFSETS that start at 0 and grow"),
        ("CATOFFSETS = {", "CATOFFSETS = {0,", "CATOFFSETS that start at 0 and grow"),
        ("final int[] CATS", "final int[] CATS = new int[3]; final int[] CATS", "stands twice"),
        ("public static final int[] NEURONS", "public static final int[] MORE", "'MORE'"),
        ("NORMRESPMUL = {", "NORMRESPMUL = {1.0,", "expected 1 numbers in NORMRESPMUL, found 2"),
        ("NORMRESPMUL = {", "NORMRESPMUL = {x", "is not a number"),
        ("/* city */", "/* town */", "DOMAINS names the column 'town', and NAMES 'city'"),
        ('DOMAINS,"y")', 'DOMAINS,"z")', "the response is 'z'"),
        ("Long.toString(", "Long.toString(99999999999999999999", "is not an integer"),
        ("_Weight_1.VALUES", "_Weight_2.VALUES", "is to hold two arrays"),
        ("_Weight_1.VALUES", "_Weight_9.VALUES", "named nowhere before, or stands twice"),
        ("VALUES = new float[", "VALUES = new float[9", "elements, but only"),
        ("VALUES = new float[", "VALUES = new double[", "expected 'new float[<>];', found"),
        ("public static final float[] VALUES = n", "public static final int[] VALUES = n", "int"),
        (f"{NUMBERS}_Weight_1_0.fill(VALUES);", "", "fills no array, or stands twice"),
        (f"{NUMBERS}_Weight_1_0.fill(VALUES);", "other.fill(VALUES);", "fills no array"),
        ("_Weight_1_0.fill(VALUES);", "_Weight_1_0.fill(VALUES); other.fill(VALUES);", "'other'"),
        ("sa[1] = ", "sa[0] = ", "the index 0 is set twice"),
        ("sa[1] = ", "sa[77777] = ", "found the index 77777"),
        ("sa[1] = ", "sb[1] = ", "expected sa[INDEX] = LITERAL;, found 'sb[1]"),
        ("sa[1] = ", "sa[1] = 1.0; sa[1] = ", "the index 1 is set twice"),
    ],
)  # fmt: skip
def test_parts_that_are_broken(old: str, new: str, message: str) -> None:
    error = refusal(changed(NUMBERS, old, new))
    assert message in str(error)


def test_an_index_that_is_missing() -> None:
    content = source(NUMBERS)
    found = re.search(r"\n *sa\[5\] = [^\n]*f;", content)
    assert found is not None
    error = refusal(content.replace(found[0], "", 1))
    assert type(error) is MojoFormatError
    assert "the index 5 is never set" in str(error)


@pytest.mark.parametrize("text", ["017", "1e999", "0.5L"])
def test_a_threshold_that_is_no_double(text: str) -> None:
    content = re.sub(r"data, [0-9.]+\);", f"data, {text});", source(RULES[2]))
    error = refusal(content)
    assert type(error) is MojoFormatError
    assert str(error).startswith("line ")


def test_a_double_among_floats() -> None:
    content = source(NUMBERS)
    found = re.search(r"sa\[5\] = ([^\n]*)f;", content)
    assert found is not None
    line = content[: found.start()].count("\n") + 1
    error = refusal(content.replace(found[0], f"sa[5] = {found[1]};", 1))
    assert str(error) == f"line {line}: {found[1]!r} is a double, expected a float"


@pytest.mark.parametrize("escape", [r"\q", r"\u12z", r"\ud83d", r"\u0022", "\\"])
def test_texts_that_are_none_of_javas(escape: str) -> None:
    error = refusal(changed(NUMBERS, '= "black";', f'= "bl{escape}ack";'))
    assert type(error) is MojoFormatError
    assert str(error).startswith("line ")


def test_a_text_that_is_not_utf8() -> None:
    content = source(NUMBERS).encode().replace(b'"black"', b'"bl\xffack"')
    assert "expected UTF-8 text" in str(refusal(content))


def test_a_compiled_class() -> None:
    error = refusal(b"\xca\xfe\xba\xbe\x00\x00\x004")
    assert type(error) is MojoUnsupportedError
    assert "this is a compiled Java class" in str(error)


def test_a_preview() -> None:
    head = source(NUMBERS).partition("*/\n")[0]
    note = "  NOTE:  Java model is too large to preview, please download as shown above.\n"
    assert "this is a preview" in str(refusal(head + note))


@pytest.mark.parametrize("case", [SMALL, "v3_46_levels_odd_text"])
def test_a_source_that_is_cut_off(case: str) -> None:
    content = source(case)
    last = content.rindex("}")
    for stop in np.linspace(0, last, 60, dtype=int).tolist():
        error = refusal(content[:stop])
        assert isinstance(error, (MojoFormatError, MojoUnsupportedError))


def test_more_behind_the_source() -> None:
    assert "expected the end of the source, found 'class" in str(
        refusal(source(SMALL) + "class X {}")
    )


# --------------------------------------------------------------------------- limits


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("weights", 10),
        ("biases", 2),
        ("layers", 1),
        ("columns", 3),
        ("levels", 5),
        ("line_bytes", 4),
    ],
)
def test_limits(name: str, value: int) -> None:
    error = refusal(source(NUMBERS), Limits(**{name: value}))
    assert type(error) is MojoLimitError
    assert f"--limit {name}=N" in str(error)


FLOOD = 400_000
#: What is written so often, in front of what, and what is said of it.
FLOODS = {
    "blanks": ("    ", "int i = 0", "a comment, or blanks in a row,"),
    "comments": ("/**/", "int i = 0", "a comment, or blanks in a row,"),
    "comments at the start": ("/*a*/", "import java.util", "a comment"),
    "imports": ("import a;", "import java.util", "100,001 imports or more"),
    "one word": ("xxx", "int i = 0", "a word has"),
    "one text": ("xxx", 'city";', "a text has"),
    "escapes": (r"\t\t", 'city";', "a text has"),
    "calls": ("A.fill(VALUES);", "_Weight_1_0.fill", "more classes than that fill it"),
    "columns": ("/* a */ null,\n", "/* city */", "75,001 columns or more"),
    "layers": ("new double[1],", "/* Input */ new", "10,001 layers or more"),
    "numbers": ("1,1,", "26,", "numbers, the limit is"),
    "one index": ("sa[1] = 1.0;", "sa[1] = ", "the index 1 is set twice"),
}


@pytest.mark.parametrize("name", FLOODS)
def test_floods_are_refused_soon(name: str) -> None:
    piece, before, message = FLOODS[name]
    content = changed(NUMBERS, before, piece * FLOOD + before)
    started = time.thread_time()
    assert message in str(refusal(content))
    assert time.thread_time() - started < 5


@pytest.mark.parametrize("case", [NUMBERS, "v3_46_automl"], ids=["few lines", "many lines"])
@pytest.mark.parametrize("index", [0, 4], ids=["the first", "the one before"])
def test_an_index_that_a_class_before_has_set(case: str, index: int) -> None:
    """H2O goes on in another class after 3,000 assignments."""
    content, second = in_two_classes(source(case), 5)
    assert read_source(content).weights[0].size == read_source(source(case)).weights[0].size
    line = next(re.finditer(r"sa\[5\] = [^\n]*\n", content[second:]))
    again = f"sa[{index}] = 0.5f;\n      {line[0]}"
    error = refusal(content[:second] + content[second:].replace(line[0], again, 1))
    assert type(error) is MojoFormatError
    assert f"the index {index} is set twice" in str(error)


def test_an_index_among_many_lines_that_was_set_before() -> None:
    """Lines that follow each other are read at once, and may not pass over one that is set."""
    start = "static final class {} implements java.io.Serializable {{ static final void fill"
    lines = [f"      sa[{index}] = 0.{index}5f;\n" for index in range(6000)]
    parts = [("A_0", lines[:3000]), ("A_1", lines[3000:])]

    def array() -> object:
        calls = "".join(f"{name}.fill(VALUES);" for name, _ in parts)
        classes = "".join(
            f"{start.format(name)}(float[] sa) {{\n{''.join(body)}}} }}" for name, body in parts
        )
        head = "implements java.io.Serializable { public static final float[] VALUES = "
        text = f"{head}new float[6000]; static {{ {calls} }} {classes} }}".encode()
        source = Source(io.BytesIO(text), len(text), Limits())
        return read_array(source, Slot(kind="float", allow=lambda _: None))

    read = array()
    assert isinstance(read, np.ndarray)
    assert np.array_equal(read, np.array([float(f"0.{index}5") for index in range(6000)], "f4"))
    parts[1][1].append(parts[0][1].pop())
    parts[0][1].append("      sa[4000] = 0.5f;\n")
    with pytest.raises(MojoFormatError, match="the index 4000 is set twice"):
        array()


def in_two_classes(content: str, lines: int) -> tuple[str, int]:
    """Move all but the first lines of the first layer to a class of their own.

    Returns:
        The source, and where that class begins.
    """
    call = re.search(r"(\w+_Weight_1)_0\.fill\(VALUES\);", content)
    assert call is not None
    content = content.replace(call[0], f"{call[0]} {call[1]}_1.fill(VALUES);", 1)
    begin = content.index(f"class {call[1]}_0 ")
    stop = content.index(f"sa[{lines}] = ", begin)
    head = f"}} }} static final class {call[1]}_1 implements java.io.Serializable {{"
    head += " static final void fill(float[] sa) {\n      "
    return content[:stop] + head + content[stop:], stop
