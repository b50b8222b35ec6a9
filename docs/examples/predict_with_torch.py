"""Raw rows to H2O's predictions with PyTorch and two of the files that ``convert`` wrote."""

import csv
import json

import torch

spec = json.load(open("model.columns.json", encoding="utf-8"))
predict = torch.export.load("model.pt2").module()
rows = csv.DictReader(open("rows.csv", encoding="utf-8", newline=""), restval="")
cells = [[(c, row.get(c["name"], "")) for c in spec["columns"]] for row in rows]
known = [[c["values"].get(x, c.get("unseen")) or [float(x)] for c, x in row] for row in cells]
missing = float("nan")
matrix = [[missing if n is None else n for cell in row for n in cell] for row in known]
scores = predict(torch.tensor(matrix, dtype=getattr(torch, spec["dtype"])))
best = scores.argmax(dim=1) if spec["threshold"] is None else scores[:, 1] >= spec["threshold"]
labels = [spec["labels"][int(i)] for i in best] if spec["labels"] else None
print(labels or scores.tolist())
