"""Raw rows to H2O's predictions with onnxruntime and the one file that ``convert`` wrote."""

import csv

import numpy as np
import onnxruntime

model = onnxruntime.InferenceSession("model.onnx")
rows = list(csv.DictReader(open("rows.csv", encoding="utf-8", newline=""), restval=""))
nan = dict.fromkeys(["", "NA", "N/A", "-"], "nan")
feeds = {c.name: np.array([[r.get(c.name, "")] for r in rows], object) for c in model.get_inputs()}
for name in [c.name for c in model.get_inputs() if c.type == "tensor(double)"]:
    feeds[name] = np.array([[nan.get(x, x)] for x in feeds[name][:, 0]], np.float64)
print([values.tolist() for values in model.run(None, feeds)])
