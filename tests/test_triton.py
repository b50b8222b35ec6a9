"""A model repository of Triton: the file, and a configuration that is the file's."""

import re
from pathlib import Path

import pytest
from child_process import in_child
from rows_support import run
from support import golden

CASES = ["iris_tanh", "autoencoder_tanh", "levels_odd_text"]


@pytest.mark.long
@pytest.mark.parametrize("name", CASES[:2])
def test_a_place_in_tritons_repository(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    import onnxruntime

    case = golden(name)
    done = run(capfd, "convert", case.path, "--to", "onnx", "--triton", tmp_path, "-q")
    assert done.code == 0, done.err
    folder = tmp_path / case.path.stem
    config = (folder / "config.pbtxt").read_text("utf-8")
    session = onnxruntime.InferenceSession(folder / "1" / "model.onnx")
    described = re.findall(
        r'^(input|output) \{ name: "(.*)" data_type: TYPE_(\w+) dims: \[ (.*?) \]',
        config,
        re.MULTILINE,
    )
    kinds = {"tensor(string)": "STRING", "tensor(double)": "FP64", "tensor(float)": "FP32"}
    assert described == [
        (kind, tensor.name, kinds[tensor.type], ", ".join(map(str, tensor.shape[1:] or [1])))
        for kind, tensors in (("input", session.get_inputs()), ("output", session.get_outputs()))
        for tensor in tensors
    ]
    assert f'name: "{case.path.stem}"' in config


def test_tritons_repository_is_for_onnx_alone(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = golden("iris_tanh").path
    assert run(capfd, "convert", path, "--triton", tmp_path).code == 2
    words = ("--to", "onnx", "--triton", tmp_path, "-o", "x.onnx")
    assert run(capfd, "convert", path, *words).code == 2
    assert not list(tmp_path.iterdir())


def test_what_failed_leaves_nothing_in_the_repository(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mojo_reader import emitters

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(emitters, "to_onnx", fail, raising=False)
    words = ("convert", golden("iris_tanh").path, "--to", "onnx", "--triton", tmp_path)
    assert run(capfd, *words).code == 6
    assert not list(tmp_path.iterdir())


def parsed(text: str) -> dict[str, object]:
    """Read a configuration by Triton's published schema.

    In a process of its own: KServe's messages have the same names, and a process holds one set.
    """
    from google.protobuf import text_format
    from tritonclient.grpc import model_config_pb2

    config = text_format.Parse(text, model_config_pb2.ModelConfig())
    return {
        "name": config.name,
        "platform": config.platform,
        "input": [one.name for one in config.input],
        "output": [one.name for one in config.output],
        "max_batch_size": config.max_batch_size,
    }


@pytest.mark.serve
@pytest.mark.parametrize("name", CASES)
def test_the_configuration_is_one_by_tritons_own_schema(name: str) -> None:
    from emit.onnx_model import to_onnx
    from emit.onnx_model.triton import triton_config

    model = to_onnx(golden(name).mojo())
    config = in_child(parsed, triton_config(model, "a name"))
    assert config.pop("max_batch_size") > 0
    assert config == {
        "name": "a name",
        "platform": "onnxruntime_onnx",
        "input": [one.name for one in model.graph.input],
        "output": [one.name for one in model.graph.output],
    }
