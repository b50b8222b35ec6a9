"""Score raw rows with Keras alone: predict_with_keras.py NAME.keras NAME.columns.json ROWS.csv."""

import csv
import json
import sys

import keras
import numpy as np

spec = json.load(open(sys.argv[2], encoding="utf-8"))
keras.config.set_floatx(spec["dtype"])  # predict rounds its input to this type
model = keras.saving.load_model(sys.argv[1], compile=False)
matrix = []
for row in csv.DictReader(open(sys.argv[3], encoding="utf-8", newline=""), restval=""):
    cells = [(column, row.get(column["name"], "")) for column in spec["columns"]]
    known = [c["values"].get(cell, c.get("unseen")) or [float(cell)] for c, cell in cells]
    matrix.append([feature for features in known for feature in features])
scores = model.predict(np.array(matrix, spec["dtype"]), verbose=0)
binomial = spec["threshold"] is not None
labels = (scores[:, 1] >= spec["threshold"]) * 1 if binomial else scores.argmax(axis=1)
print([spec["labels"][label] for label in labels] if spec["labels"] else scores.tolist())
