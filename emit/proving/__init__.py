"""Proofs that an emitted model predicts the scorer's numbers, on rows that are made for it."""
