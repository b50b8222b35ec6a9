"""POJOs: what is read equals the MOJO of the same model, however the source is laid out."""

import re
from pathlib import Path

import numpy as np
import pytest
from pojo_support import (
    FORMS,
    REFUSED,
    case_of,
    changed,
    golden_pojos,
    is_refused,
    read_source,
    source,
)

from mojo_reader import read_model, read_mojo
from mojo_reader.comparing.sameness import differences
from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.formats.facts import ModelFacts
from mojo_reader.formats.kinds import form_of_head
from mojo_reader.model import Form
from mojo_reader.model.distributions import DISTRIBUTION_LACKED, DISTRIBUTIONS

#: What a MOJO's writer adds of itself, and when it ran.
OF_THE_MOJO = {
    "kept.keys[license]",
    "kept.keys[endianness]",
    "kept.keys[timestamp]",
    "kept.members[experimental/README.md]",
}
#: By what a POJO lacks, where it shows.
LACKED = {
    DISTRIBUTION_LACKED: {
        "info.distribution",
        "output.distribution",
        "kept.keys[distribution]",
    },
    "training parameters": {
        "kept.members[experimental/modelDetails.json]",
        "kept.keys[mini_batch_size]",
        # Of those that score alike.
        "info.categorical_encoding",
    },
    "missing_values_handling": {"kept.keys[mean_imputation]"},
    "the most frequent levels": {"kept.keys[cat_modes]"},
}
#: What MOJOs of old releases do not say.
OLD_MOJOS_LACK = {
    "info.offset_column",
    "kept.keys[offset_column]",
    "kept.keys[escape_domain_values]",
}
#: Values of Eigen, which the MOJOs of other encodings hold for nothing.
NOT_USED = "kept.keys[_orig_projection_array]"
READ = [path for path in golden_pojos() if not is_refused(path)]
NUMBERS = "v3_46_regression_maxout"
SMALL = "v3_46_fewer_levels_mean"


@pytest.mark.parametrize("path", READ, ids=case_of)
def test_a_pojo_is_the_model_of_its_mojo(path: Path) -> None:
    mojo, pojo = read_mojo(path.with_name("model.zip")), read_model(path)
    assert pojo.info.form is Form.POJO
    found = {difference.name: difference for difference in differences(mojo, pojo)}
    told = {name for name in found if name in OLD_MOJOS_LACK and found[name].first is None}
    allowed = set().union(OF_THE_MOJO, told, *(LACKED.get(what, ()) for what in pojo.info.lacks))
    if pojo.info.categorical_encoding != "Eigen":
        allowed.add(NOT_USED)
    assert set(found) <= allowed
    own, other = (DISTRIBUTIONS[model.info.distribution] for model in (mojo, pojo))
    assert own.inverse_link is other.inverse_link


@pytest.mark.parametrize("path", [*filter(is_refused, golden_pojos())], ids=case_of)
def test_pojos_that_are_refused_by_name(path: Path) -> None:
    with pytest.raises(MojoUnsupportedError) as caught:
        read_model(path)
    (why,) = (why for part, why in REFUSED.items() if part in case_of(path))
    assert why in str(caught.value)
    read_mojo(path.with_name("model.zip"))


def test_the_distribution_is_lacked_by_regressions_alone() -> None:
    infos = [read_model(path).info for path in READ[::4]]
    lacking = [DISTRIBUTION_LACKED in info.lacks for info in infos]
    assert lacking == [info.category.value == "Regression" for info in infos]
    assert 0 < sum(lacking) < len(lacking)


def test_a_pojo_of_another_algorithm() -> None:
    with pytest.raises(MojoUnsupportedError) as caught:
        read_model(FORMS / "refused" / "gbm.java")
    assert "this is a POJO of the algorithm 'gbm', and only Deep Learning" in str(caught.value)


def test_pojos_are_told_by_their_head() -> None:
    assert {form_of_head(path.read_bytes()[: 1 << 16]) for path in golden_pojos()} == {Form.POJO}
    assert form_of_head(b"PK\x03\x04") is None
    assert form_of_head(b"public class Foo {}") is None


# --------------------------------------------------------------------------- layout


def same_facts(first: ModelFacts, second: ModelFacts) -> bool:
    arrays = zip((*first.weights, *first.biases), (*second.weights, *second.biases), strict=True)
    names = ("columns", "levels", "sizes", "activation", "default_threshold", "uuid", "lacks")
    return all(a.tobytes() == b.tobytes() for a, b in arrays) and all(
        getattr(first, name) == getattr(second, name) for name in names
    )


@pytest.mark.parametrize("case", [NUMBERS, "v3_46_levels_odd_text", "v3_44_column_names"])
def test_line_ends_and_blanks_mean_nothing(case: str) -> None:
    plain = source(case)
    known = read_source(plain)
    windows = read_source(plain.replace("\n", "\r\n"))
    assert same_facts(known, windows)
    assert same_facts(known, read_source("\ufeff" + plain))
    if "odd_text" not in case:  # whose levels have line ends
        assert same_facts(known, read_source(re.sub(r"(?m)^ +", "\t", plain)))


def test_a_package_and_other_imports() -> None:
    known = read_source(source(NUMBERS))
    head = source(NUMBERS).partition("*/\n")[0] + "*/\n"
    moved = source(NUMBERS).replace(head, f"{head}package com.example.models;\nimport java.io.*;\n")
    assert same_facts(known, read_source(moved))
    first = "package com.example.models;\n" + source(NUMBERS)
    assert same_facts(known, read_source(first))
    assert read_source(first).h2o_version == "3.46.0.7"


def test_a_source_without_its_comment_has_no_release() -> None:
    stripped = source(NUMBERS).partition("*/\n")[2]
    assert read_source(stripped).h2o_version == "unknown"


def test_arrays_in_another_order() -> None:
    content = source(SMALL)
    start = content.index("// Neuron bias values for Input layer\nclass")
    classes = re.split(r"(?m)^(?=class )", content[start:])
    moved = content[:start] + "".join(classes[:0:-1])
    moved = re.sub(r"(?m)^// .*\n", "", moved)
    assert moved != content
    assert same_facts(read_source(content), read_source(moved))


def test_assignments_in_another_order() -> None:
    content = source(SMALL)
    lines = content.split("\n")
    first = next(index for index, line in enumerate(lines) if "sa[0] = " in line and "f;" in line)
    lines[first], lines[first + 1] = lines[first + 1], lines[first]
    assert same_facts(read_source(content), read_source("\n".join(lines)))


def test_unicode_escapes_are_what_they_stand_for() -> None:
    content = source("v3_44_column_names")
    escaped = "".join(
        sign
        if ord(sign) < 128
        else "".join(
            f"\\u{int.from_bytes(pair, 'big'):04x}"
            for pair in map(bytes, zip(*[iter(sign.encode("utf-16-be"))] * 2, strict=True))
        )
        for sign in content
    )
    assert escaped != content
    assert same_facts(read_source(content), read_source(escaped))


# --------------------------------------------------------------------------- older releases


def oldest(case: str) -> str:
    """Return the source of a case as a release before 3.14 would have written it."""
    content = source(case).replace('super(NAMES,DOMAINS,"y")', "super(NAMES,DOMAINS)")
    content = re.sub(
        r"for \(i=0; i<ncats; \+\+i\) \{\s*if\(CATS\[i\] >= 0\) (.*;)\s*\}",
        r"for (i=0; i<ncats; ++i) \1",
        content,
    )
    content = re.sub(
        r"final int\[\] CATS = new int\[3\];",
        "public static final int[] CATS = {0,0,0};",
        content,
    )
    start = content.index("ACTIVATION = new double[][]")
    stop = content.index("};", start)
    sizes = re.findall(r"new double\[(\d+)\]", content[start:stop])
    classes = "".join(zeros(f"M_Activation_{index}", int(size)) for index, size in enumerate(sizes))
    layers = ",".join(f"M_Activation_{index}.VALUES" for index in range(len(sizes)))
    start = content.index("{", start)
    return f"{content[:start]}{{{layers}{content[stop:]}{classes}"


def zeros(name: str, size: int) -> str:
    """Return the class of an array of zeros."""
    values = "".join(f"sa[{place}] = 0.0;\n" for place in range(size))
    return (
        f"class {name} implements java.io.Serializable {{\n"
        f"public static final double[] VALUES = new double[{size}];\n"
        f"static {{ {name}_0.fill(VALUES); }}\n"
        f"static final class {name}_0 implements java.io.Serializable {{\n"
        f"static final void fill(double[] sa) {{\n{values}}}\n}}\n}}\n"
    )


def test_the_oldest_pojos() -> None:
    known = read_source(source(NUMBERS))
    assert same_facts(known, read_source(oldest(NUMBERS)))


def test_missing_levels_of_the_oldest_pojos_set_no_input() -> None:
    content = re.sub(
        r"CATS\[ncats\] = c \+ CATOFFSETS\[i\];\s*\} else \{[^}]*\}\s*ncats\+\+;",
        "CATS[ncats++] = c + CATOFFSETS[i];\n      }",
        oldest(NUMBERS),
    )
    with pytest.raises(MojoUnsupportedError) as caught:
        read_source(content)
    assert "this POJO sets no input for a missing level" in str(caught.value)


# --------------------------------------------------------------------------- names and levels


def test_names_that_hold_what_ends_a_comment() -> None:
    name = 'a*/ null,/* "b" // \\ c'
    literal = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    content = changed(SMALL, "/* age */", f"/* {name} */")
    content = content.replace('= "age";', f"= {literal};")
    facts = read_source(content)
    assert name in facts.columns
    assert len(facts.columns) == len(read_source(source(SMALL)).columns)


def test_a_response_with_quotes() -> None:
    name = 'the "y" \\ of it'
    content = changed(SMALL, "/* y */", f"/* {name} */")
    content = content.replace('DOMAINS,"y")', f'DOMAINS,"{name}")')
    content = content.replace("column y\n", f"column {name}\n")
    assert read_source(content).columns[-1] == name


def test_a_name_with_a_line_break() -> None:
    name = "two\nlines"
    content = changed(SMALL, "/* shape */", f"/* {name} */").replace('"shape"', f'"{name}"')
    content = content.replace("column shape\n", f"column {name}\n")
    assert name in read_source(content).columns


def test_special_numbers() -> None:
    content = source(SMALL)
    first = re.search(r"sa\[0\] = (\S+)f;", content)
    assert first is not None
    for text, value in (
        ("Float.NaN", np.nan),
        ("Float.POSITIVE_INFINITY", np.inf),
        ("Float.NEGATIVE_INFINITY", -np.inf),
        ("-0.0f", -0.0),
        ("1.17549435E-38f", np.float32(2.0**-126)),
        ("3", 3.0),
    ):
        found = read_source(content.replace(first[0], f"sa[0] = {text};", 1))
        np.testing.assert_array_equal(found.weights[0][0], np.float32(value))
        assert np.signbit(found.weights[0][0]) == np.signbit(value)


# --------------------------------------------------------------------------- offset and others


NOTE = "  NOTE:  Java model export does not support offset_column.\n*/\nimport"


@pytest.mark.parametrize(
    ("names", "offset", "told"),
    [
        ((), False, (None, None)),
        (("a",), False, None),
        (("a", "b"), False, (None, "b")),
        (("a",), True, ("a", None)),
        (("a", "b"), True, None),
        (("a", "b", "c"), True, ("b", "c")),
    ],
)
def test_columns_beside_the_features(
    names: tuple[str, ...], *, offset: bool, told: tuple[str | None, str | None] | None
) -> None:
    entries = "".join(f"/* {name} */ null,\n" for name in names)
    content = changed(SMALL, "    /* y */", f"{entries}    /* y */")
    content = content.replace("*/\nimport", NOTE, 1) if offset else content
    facts = read_source(content)
    unknown = [what for what in facts.lacks if what.startswith("whether the column")]
    assert facts.columns[-len(names) - 1 : -1] == names
    assert (facts.offset_column, facts.fold_column) == (told or (None, None))
    assert len(unknown) == (0 if told else len(names))
    bare = read_source(content.partition("*/\n")[2])
    assert (bare.offset_column, bare.fold_column) == (None, None)


def test_the_column_of_the_offset() -> None:
    assert read_source(source("v3_28_offset")).offset_column == "exposure"
    weights = read_source(source("v3_24_weights"))
    assert weights.offset_column is None
    assert weights.lacks[-1] == "whether the column 'weight' holds weights, offsets or folds"
