"""Asks a server over gRPC with tritonclient: JSON tensors on standard input, scores on output.

Arguments: the address, the model's name, and the certificate that is trusted, if it is TLS.
"""

import json
import sys

import numpy as np
import tritonclient.grpc as triton

address, name, *trusted = sys.argv[1:]
client = triton.InferenceServerClient(
    address, ssl=bool(trusted), root_certificates=trusted[0] if trusted else None
)
assert client.is_server_live()
assert client.is_server_ready()
assert client.is_model_ready(name)
inputs = []
for given in json.load(sys.stdin):
    if given["datatype"] == "BYTES":
        cells = np.array(["" if cell is None else cell for cell in given["data"]], object)
    else:
        cells = np.array([np.nan if cell is None else cell for cell in given["data"]])
    inputs.append(triton.InferInput(given["name"], given["shape"], given["datatype"]))
    inputs[-1].set_data_from_numpy(cells)
found = client.infer(name, inputs, request_id="9")
refusal = ""
try:
    client.infer(name, inputs, model_version="3")
except triton.InferenceServerException as error:
    refusal = str(error)
sys.stdout.write(
    json.dumps(
        {
            "labels": [text.decode() for text in found.as_numpy("predict")],
            "values": found.as_numpy("probabilities").tolist(),
            "refusal": refusal,
        }
    )
)
