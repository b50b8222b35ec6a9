"""Serve a MOJO by the Open Inference Protocol (v2) over HTTP and gRPC, with KServe.

::

    python -m emit.kserve_model --model-dir /mnt/models

A request's tensors become columns, ``Scorer`` scores them, predictions become tensors. Needs the
extra ``kserve``; neither Keras nor Java.
"""
