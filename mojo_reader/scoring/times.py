"""Times: whole milliseconds since 1970 in UTC, as H2O keeps them; finer parts are cut off.

Source: ``water.parser.ParseTime``.
"""

import datetime as dt
import re
from typing import Final

#: The zone of a time that names none, unless another is chosen.
UTC: Final = "UTC"

_TIME: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2})(?::(\d{2})(\.\d{1,9})?)?\s?(Z|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECOND: Final = dt.timedelta(milliseconds=1)


def time_milliseconds(text: str, time_zone: str = UTC) -> float | None:
    """Read an ISO date or time as milliseconds since 1970 in UTC.

    Args:
        text: ``2020-01-31``, ``2020-01-31 23:59``, ``2020-01-31T23:59:59.123``, the last two
            also with ``Z`` or ``+01:00`` after.
        time_zone: zone of a text that names none.

    Returns:
        None where the text is no such time.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    date, minute, second, fraction, zone = match.groups()
    try:
        moment = dt.datetime.fromisoformat(f"{date}T{minute or '00:00'}:{second or '00'}")
    except ValueError:
        return None
    if zone is None:
        moment = moment.replace(tzinfo=zone_of(time_zone))
    else:
        moment = dt.datetime.fromisoformat(f"{moment.isoformat()}{zone}")
    return moment_milliseconds(moment) + float(f"{fraction or '.':0<4}"[1:4])


def moment_milliseconds(moment: dt.datetime) -> float:
    """Return a time with a zone as whole milliseconds since 1970 in UTC."""
    return float((moment - _EPOCH) // _MILLISECOND)


def moment_text(milliseconds: float) -> str:
    """Return milliseconds since 1970 as a time of UTC, such as ``2020-01-31 23:59:59``.

    What is beyond the years that Python knows stays a number.
    """
    try:
        moment = _EPOCH + dt.timedelta(milliseconds=round(milliseconds))
    except (OverflowError, ValueError):
        return f"{milliseconds:.6g}"
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def zone_of(name: str) -> dt.tzinfo:
    """Return a time zone.

    Raises:
        KeyError, ValueError, OSError: there is none of the name, as ``zoneinfo`` says it.
    """
    if name == UTC:  # needs no data of the system's
        return dt.UTC
    import zoneinfo

    return zoneinfo.ZoneInfo(name)
