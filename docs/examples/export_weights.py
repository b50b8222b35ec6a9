"""Write the weights of a model that stands on an H2O server into the folder ``exported``."""

from pathlib import Path

import h2o

h2o.connect()
model = h2o.get_model("my_model")  # trained with export_weights_and_biases=True
folder = Path("exported")
folder.mkdir()
h2o.api(f"GET /3/Models/{model.model_id}", save_to=str(folder / "model.json"))
for layer in range(len(model.actual_params["hidden"]) + 1):
    h2o.download_csv(model.weights(layer), str(folder / f"weights_{layer}.csv"))
    h2o.download_csv(model.biases(layer), str(folder / f"biases_{layer}.csv"))
