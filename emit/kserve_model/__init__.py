"""Serve a MOJO with KServe: its model class, and its gRPC beside the HTTP of ``emit.serving``.

::

    python -m emit.kserve_model --model-dir /mnt/models

``model.ServedMojo`` is a ``kserve.Model`` for who runs KServe's own ``ModelServer``. Needs the
extra ``kserve``; neither Keras nor Java.
"""
