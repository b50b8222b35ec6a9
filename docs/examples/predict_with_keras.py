"""Raw rows to H2O's predictions with Keras and the two files that ``convert`` wrote."""

import csv
import json
import os

os.environ.setdefault("KERAS_BACKEND", "jax")  # or torch, or tensorflow; before Keras is imported
import keras
import numpy as np

spec = json.load(open("model.columns.json", encoding="utf-8"))
keras.config.set_floatx(spec["dtype"])  # predict rounds its input to this type
model = keras.saving.load_model("model.keras", compile=False)
rows = csv.DictReader(open("rows.csv", encoding="utf-8", newline=""), restval="")
cells = [[(c, row.get(c["name"], "")) for c in spec["columns"]] for row in rows]
known = [[c["values"].get(x, c.get("unseen")) or [float(x)] for c, x in row] for row in cells]
matrix = np.array([[n for numbers in row for n in numbers] for row in known], spec["dtype"])
scores = model.predict(matrix, verbose=0)
best = scores.argmax(axis=1) if spec["threshold"] is None else scores[:, 1] >= spec["threshold"]
labels = [spec["labels"][int(i)] for i in best] if spec["labels"] else None
print(labels or scores.tolist())
