# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Time stamps as instants: seconds since 1970. Those without a zone are of the
local one. Those without a year get it from their order and from the date of
their file: what comes after December's last day is of the next year, and
nothing in a file is younger than the file."""

import re
from datetime import datetime

MONTHS = dict(zip("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(),
                  range(1, 13)))
CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
PATTERN = (r"(?P<month>" + "|".join(MONTHS) + r") (?P<day>[ 0-3]?\d) "
           r"(?:(?P<year>\d{4}) )?(?P<clock>" + CLOCK + r")"
           r"|(?P<date>\d{4}[-/]\d\d[-/]\d\d)[T ](?P<time>" + CLOCK + r")"
           r"(?P<zone>Z| ?[+-]\d\d:?\d\d)?"
           r"|(?P<epoch>\d{9,10})(?:\.\d{1,9})?")
STAMP = re.compile(PATTERN)
# a stamp's file may have been written on the other side of the date line
SLACK = 86400
# far from where datetime ends, in any zone
LATEST = 1 << 37


class NoTime(ValueError):
    """It looks like a time stamp, and there is no such time."""


def seconds(clock):
    """Returns hour, minute and second; a leap second is the one before."""
    hour, minute, second = map(int, clock[:8].split(":"))
    return hour, minute, min(second, 59) if second == 60 else second


class Stamp:
    """instant is None if the year is missing; yearless then has the rest."""

    def __init__(self, instant=None, yearless=None):
        if instant is not None and not -SLACK <= instant <= LATEST:
            raise NoTime("no such time")
        self.instant = instant
        self.yearless = yearless

    @classmethod
    def parse(cls, text):
        match = STAMP.fullmatch(text)
        if match is None:
            raise NoTime(text)
        try:
            return cls.of(match)
        except (ValueError, OverflowError, OSError):
            raise NoTime(text) from None

    @classmethod
    def of(cls, match):
        if match["epoch"]:
            return cls(int(match["epoch"]))
        if match["date"]:
            year, month, day = map(int, re.split("[-/]", match["date"]))
            zone = (match["zone"] or "").strip().replace("Z", "+00:00")
            if zone and ":" not in zone:
                zone = zone[:3] + ":" + zone[3:]
            time = datetime(year, month, day, *seconds(match["time"]))
            if zone:
                time = datetime.fromisoformat(time.isoformat() + zone)
            return cls(int(time.timestamp()))
        yearless = (MONTHS[match["month"]], int(match["day"]),
                    *seconds(match["clock"]))
        if match["year"]:
            time = datetime(int(match["year"]), *yearless)
            return cls(int(time.timestamp()))
        # a leap year has all days
        datetime(2000, *yearless)
        return cls(yearless=yearless)


class Years:
    """Numbers the years of a file's stamps as they come, and names them at its
    end. Half a year decides: log files that are put together in any order are
    seldom older, and a log without a line for that long is rarer."""

    def __init__(self):
        self.year = 0
        self.last = None
        self.newest = None

    def place(self, stamp):
        """Returns what a stamp without a year is compared by in its file."""
        day = datetime(2000, *stamp.yearless[:2]).timetuple().tm_yday
        if self.last is not None and abs(day - self.last) > 183:
            self.year += 1 if day < self.last else -1
        self.last = day
        key = (self.year, *stamp.yearless)
        self.newest = max(self.newest or key, key)
        return key

    def name(self, file_date):
        """Returns a function from such a key to its instant."""
        base = datetime.fromtimestamp(file_date + SLACK).year
        while True:
            try:
                newest = datetime(base, *self.newest[1:])
                if newest.timestamp() <= file_date + SLACK:
                    break
            except ValueError:
                # not a leap year
                pass
            base -= 1

        def instant(key):
            year = base - self.newest[0] + key[0]
            if key[1:3] == (2, 29):
                while year % 4 != 0 or (year % 100 == 0 and year % 400 != 0):
                    year -= 1
            return int(datetime(year, *key[1:]).timestamp())
        return instant


def iso(instant):
    """Returns an instant in ISO 8601, in local time with its zone."""
    if instant is None:
        return None
    return datetime.fromtimestamp(instant).astimezone().isoformat()
