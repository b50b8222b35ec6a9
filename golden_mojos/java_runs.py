"""Runs H2O's own Java scorer, and Java programs of ours against it."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Final

from rest import LabError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: What releases made before Java 17 need to start on it.
OLD_RELEASE_FLAGS: Final = (
    "-Dsys.ai.h2o.debug.noJavaVersionCheck=true",
    "-Dsys.ai.h2o.debug.allowJavaVersions=17",
    *(
        f"--add-opens=java.base/{package}=ALL-UNNAMED"
        for package in (
            "java.lang",
            "java.util",
            "java.io",
            "java.net",
            "java.nio",
            "sun.nio.ch",
            "java.lang.reflect",
            "java.util.concurrent",
            "java.util.concurrent.atomic",
            "java.security",
            "java.text",
            "java.math",
        )
    ),
)

#: Java's reader and writer of CSV files take the platform's charset; this pins it.
CHARSET_FLAGS: Final = ("-Dfile.encoding=UTF-8", "-Dsun.jnu.encoding=UTF-8")


def run_java(class_path: str, arguments: Sequence[str], *, flags: Sequence[str] = ()) -> str:
    """Runs a Java program and returns what it printed.

    Raises:
        LabError: It ended with an error; the message holds its output.
    """
    command = ["java", *CHARSET_FLAGS, *flags, "-cp", class_path, *arguments]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        message = f"{' '.join(arguments)}: {done.stdout[-3000:]}"
        raise LabError(message)
    return done.stdout


def predict_csv(  # noqa: PLR0913 - all but the files by keyword
    jar: Path,
    mojo: Path,
    rows: Path,
    output: Path,
    *,
    decimal: bool = True,
    memory: str = "1g",
    flags: Sequence[str] = (),
) -> str:
    """Scores a CSV file with H2O's own Java scorer.

    Args:
        jar: The ``h2o.jar`` whose scorer runs.
        mojo: The model.
        rows: The input CSV.
        output: Where the predictions go.
        decimal: Shortest decimal numbers that keep every bit; else hexadecimal ones.
        memory: Java's heap.
        flags: More flags for Java.

    Returns:
        The notices that the scorer printed.

    Raises:
        LabError: The scorer stopped.
    """
    arguments = ["hex.genmodel.tools.PredictCsv", "--mojo", str(mojo), "--input", str(rows)]
    arguments += ["--output", str(output)]
    if decimal:
        arguments.append("--decimal")
    return run_java(str(jar), arguments, flags=[f"-Xmx{memory}", *flags])


def compile_java(jar: Path, source: Path, target: Path) -> str:
    """Compiles one Java source file against an ``h2o.jar``.

    Returns:
        The class path on which the compiled class and the jar are found.
    """
    subprocess.run(
        ["javac", "-cp", str(jar), "-d", str(target), str(source)],
        check=True,
    )
    return f"{target}{os.pathsep}{jar}"
