"""Serve a MOJO over HTTP: the Open Inference Protocol (v2), and KServe's v1.

::

    python -m emit.serving --model-dir /mnt/models

A request's tensors become columns, ``Scorer`` scores them, predictions become tensors. Needs the
extra ``serve`` (uvicorn and orjson); neither Keras nor Java, KServe nor FastAPI.
"""
