"""Without PySpark its room says what to install."""

import subprocess
import sys

from support import pip_install


def test_without_pyspark_the_command_that_installs_it_is_said() -> None:
    code = "import sys; sys.modules['pyspark'] = None; import emit.spark"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, text=True)
    assert done.stderr.strip().endswith(
        "MissingExtraError: Spark data frames need PySpark; install it with: "
        + pip_install("spark")
    )
