"""The row matrix to H2O's predictions in OpenVINO, with what ``convert --input matrix`` wrote."""

import json

import numpy as np
import openvino

# OpenVINO may compute in bfloat16 where the processor can, unless it is told not to.
precise = {"INFERENCE_PRECISION_HINT": "f32"}
model = openvino.Core().compile_model("model.onnx", "CPU", precise)
labels = json.load(open("model.columns.json", encoding="utf-8"))["labels"]

matrix = np.load("matrix.npy").astype(np.float32)  # mojo2keras encode model.zip rows.csv
found = model([matrix])
positions, probabilities = found["label_index"], found["probabilities"]
print([None if place < 0 else labels[place] for place in positions.tolist()])
print(probabilities.tolist())
