"""Raw rows to H2O's predictions with onnxruntime and the one file that ``convert`` wrote."""

import csv

import numpy as np
import onnxruntime

model = onnxruntime.InferenceSession("model.onnx")
rows = list(csv.DictReader(open("rows.csv", encoding="utf-8", newline=""), restval=""))
kind = {"tensor(string)": lambda x: x, "tensor(double)": lambda x: float("nan" if x in ("", "NA", "N/A", "-") else x)}
columns = {c.name: [[kind[c.type](row.get(c.name, ""))] for row in rows] for c in model.get_inputs()}
types = {c.name: object if c.type == "tensor(string)" else np.float64 for c in model.get_inputs()}
scores = model.run(None, {name: np.array(columns[name], types[name]) for name in columns})
for output, values in zip(model.get_outputs(), scores):
    print(output.name, values.tolist())
