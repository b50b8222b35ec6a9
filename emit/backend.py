"""Keras, on JAX unless ``KERAS_BACKEND`` says otherwise or Keras is loaded already.

Every module of ``emit`` that needs Keras imports it from here: which backend a program's own Keras
has is none of the business of who only writes ONNX or scores in Spark.
"""

import os
import sys

if "keras" not in sys.modules:
    os.environ.setdefault("KERAS_BACKEND", "jax")

import keras

__all__ = ["keras"]
