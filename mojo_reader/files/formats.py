"""Which format a file of rows has by its name: one table, for what is read and what is written."""

from pathlib import Path
from typing import Final, Literal, get_args

Format = Literal["csv", "parquet", "arrow", "jsonl"]

FORMATS: Final[tuple[Format, ...]] = get_args(Format)
FORMAT_NAMES: Final = "CSV, Parquet, Arrow (Feather) or JSON lines"
"""The formats for a sentence."""

_FORMATS: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_COMPRESSIONS: Final = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd"}
_SPREADSHEETS: Final = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")


def format_of(name: str, chosen: Format | None) -> Format | None:
    """Return the format by the name's ending, else the chosen one."""
    return _FORMATS.get(_endings(name)[0]) or chosen


def compression_of(name: str) -> str | None:
    """Return the compression by the name's ending: ``gzip``, ``zstd`` or None."""
    return _COMPRESSIONS.get(_endings(name)[1])


def is_spreadsheet(name: str) -> bool:
    """Say whether a name is that of a workbook, which is neither read nor written."""
    return _endings(name)[0] in _SPREADSHEETS


def ending(name: str) -> str:
    """Return the ending that names the format, without that of a compression; may be empty."""
    return _endings(name)[0]


def _endings(name: str) -> tuple[str, str]:
    """Return the ending that names the format, and the one that names the compression."""
    path = Path(name.lower())
    if path.suffix in _COMPRESSIONS:
        return Path(path.stem).suffix, path.suffix
    return path.suffix, ""
