"""A folder of exported weights: what H2O's clients give of a model that stands on a server.

::

    model.json        the answer of ``GET /3/Models/ID``, or the one model in it
    weights_I.csv     layer I's weights, from 0: (units, inputs) below a header
    biases_I.csv      its biases: one column

The model was trained with ``export_weights_and_biases=True``. A ``Maxout`` layer has two rows for
each unit; read one after the other, they are the MOJO's array.

Sources: ``hex.schemas.DeepLearningModelV3``, ``hex.deeplearning.DeepLearningModel`` (the export of
weights), ``water.fvec.Frame.CSVStream``.
"""

from mojo_reader.formats.exported.folder import read_exported
from mojo_reader.formats.exported.stated import exported_facts

__all__ = ["exported_facts", "read_exported"]
