"""What a program sees of the public names: representations, conversion, names handed on."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import golden

import mojo_reader
from mojo_reader import Scorer, read_mojo
from mojo_reader.errors import MojoUnsupportedError, OutputNameError, ParityError

ROOT = Path(__file__).parent.parent


def test_a_model_is_shown_in_a_line_whatever_its_size() -> None:
    mojo = golden("levels_thousand").mojo()
    shown = repr(mojo)
    assert "\n" not in shown
    assert len(shown) < 400
    assert shown.startswith("<Mojo: category Binomial, activation ")
    assert mojo.info.uuid in shown
    assert repr(Scorer(mojo, dtype="float32")).startswith(f"Scorer({shown}, dtype='float32', ")


def test_a_notebook_shows_a_table_in_which_nothing_is_obeyed(tmp_path: Path) -> None:
    path = tmp_path / "<b>.zip"
    path.write_bytes(golden("iris_tanh").path.read_bytes())
    html = read_mojo(path)._repr_html_()
    assert "<th>network</th><td>4-" in html
    assert "&lt;b&gt;.zip" in html


def test_a_scorer_takes_the_path_of_a_model() -> None:
    case = golden("iris_tanh")
    found, wanted = Scorer(case.path), Scorer(read_mojo(case.path))
    rows = case.columns()
    assert (found.predict_proba(rows) == wanted.predict_proba(rows)).all()


def test_a_model_converts_beside_its_file(tmp_path: Path) -> None:
    path = tmp_path / "m.zip"
    path.write_bytes(golden("iris_tanh").path.read_bytes())
    made = mojo_reader.convert(path, to="onnx", rows=golden("iris_tanh").columns())
    assert made.path == tmp_path / "m.onnx"
    assert made.path.is_file()
    assert made.columns is None
    assert list(made.proofs) == ["made rows", "the given rows"]
    assert all(proof.passed for proof in made.proofs.values())
    assert re.fullmatch(
        rf"<Conversion: {re.escape(str(made.path))}; "
        r"made rows: float32, passed: [\d,]+ rows, largest difference \S+, labels equal [\d,]+"
        r"(, labels undecided \d+)?; the given rows: float32, passed: 150 rows, .*>",
        repr(made),
    )


def test_a_conversion_destroys_nothing(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(golden("iris_tanh").path.read_bytes())
    with pytest.raises(OutputNameError, match="an input is never changed"):
        mojo_reader.convert(path, to="onnx")
    with pytest.raises(OutputNameError, match=r"expected a name that ends in \.onnx"):
        mojo_reader.convert(path, tmp_path / "x.keras", to="onnx")
    assert path.read_bytes() == golden("iris_tanh").path.read_bytes()
    with pytest.raises(ValueError, match="expected output"):
        mojo_reader.convert(read_mojo(path.read_bytes()), to="onnx")
    with pytest.raises(ValueError, match="'tensorrt' is not a valid Target"):
        mojo_reader.convert(path, to="tensorrt")


def test_a_conversion_that_fails_its_proof_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = mojo_reader.to_onnx(golden("iris_rectifier").mojo())
    monkeypatch.setattr("mojo_reader.emitters.to_onnx", lambda *_, **__: other, raising=False)
    with pytest.raises((ParityError, MojoUnsupportedError)):
        mojo_reader.convert(golden("iris_tanh").path, tmp_path / "m.onnx", to="onnx")
    assert list(tmp_path.iterdir()) == []


def test_what_is_handed_on_is_loaded_on_first_use() -> None:
    code = """
import sys, mojo_reader
heavy = {"keras", "jax", "onnx", "pyarrow", "emit"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
mojo_reader.to_onnx
assert "onnx" in sys.modules and "keras" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("path", sorted((ROOT / "mojo_reader/moved").glob("[a-z]*.py")))
def test_modules_are_found_where_documentation_showed_them(path: Path) -> None:
    old = importlib.import_module(f"mojo_reader.{path.stem}")
    (home,) = re.findall(r"from (\S+) import", path.read_text("utf-8"))
    assert old.__all__
    for name in old.__all__:
        assert getattr(old, name) is getattr(importlib.import_module(home), name)
