"""Trains a binomial model on in PyTorch, and writes it back as a MOJO."""

import csv

import torch

from mojo_reader import Scorer, from_torch, read_mojo, to_torch, write_mojo

mojo = read_mojo("model.zip")
module = to_torch(mojo)

with open("train.csv", encoding="utf-8", newline="") as file:
    rows = list(csv.DictReader(file))
answers = torch.tensor([mojo.output.labels.index(row[mojo.output.response]) for row in rows])
columns = torch.tensor(Scorer(mojo).encode(rows), dtype=torch.float32)

optimizer = torch.optim.Adam(module.parameters(), lr=1e-3)
module.train()  # drops inputs and units as H2O does
for _ in range(20):
    optimizer.zero_grad()
    # Logits, before the correction of class priors: H2O's cross entropy starts from them.
    loss = torch.nn.functional.cross_entropy(module.raw_outputs(columns), answers)
    loss.backward()
    optimizer.step()
module.eval()

retrained = from_torch(module, mojo)
write_mojo(retrained, "retrained.zip")
print(f"loss {float(loss):.4f}; {len(Scorer(retrained).predict(rows))} rows scored")
