# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What "doveadm dump" says of index files, as dictionaries. Times are numbers
there too, but a cache field's last use, which is told to the minute."""

import calendar
import re
import time

HEADER = {
    "version": "version", "index id": "index_id", "flags": "flags",
    "uid validity": "uid_validity", "next uid": "next_uid",
    "messages count": "messages", "seen messages count": "seen",
    "deleted messages count": "deleted",
    "first recent uid": "first_recent_uid", "log file seq": "log_file_seq",
    "log file head offset": "log_offset", "day stamp": "day_stamp",
    "log2 rotate time": "log2_rotate_time",
    "last temp file scan": "last_temp_file_scan",
}
NO_OLDER_LOG = 0xffffffff
DECISIONS = {"no": "no", "tmp": "temp", "yes": "yes"}
TYPES = {"fix": "fixed", "var": "variable", "str": "string", "bit": "bitmask",
         "hdr": "header"}


def value(text):
    """A number, with a date behind it or not; else the text."""
    match = re.match(r"^(\d+)( \(.*)?$", text)
    return int(match.group(1)) if match else text


def part(text, start, end):
    """Returns the lines between two headings; none if there is no first."""
    match = re.search(f"^{start}.*?\n(.*?)(?=^{end}|\\Z)", text, re.M | re.S)
    return match.group(1) if match else ""


def header(text):
    result = {"day_first_uid": []}
    for line in text.splitlines():
        match = re.match(r"^([a-z][a-z0-9 \[\]]*?)[ .]* = (.*)$", line)
        if match is None:
            continue
        name, number = match.group(1), value(match.group(2))
        if name in HEADER:
            result[HEADER[name]] = 0 if number == NO_OLDER_LOG and \
                name == "log2 rotate time" else number
        elif name.startswith("day first uid"):
            result["day_first_uid"].append(number)
    return result


def extensions(text):
    """Without "record_offset", which isn't shown by inspect."""
    result = []
    for block in re.split(r"^-- Extension \d+ --\n", text, flags=re.M)[1:]:
        fields = dict(re.findall(r"^(\w+)[ .]* = (.*)$", block, re.M))
        details = {name: value(number) for name, number in re.findall(
            r"^ - (\w+(?: \w+)*)[ .]* = (.*)$", block, re.M)}
        result.append({
            "name": fields["name"], "header_size": int(fields["hdr_size"]),
            "record_size": int(fields["record_size"]),
            "record_align": int(fields["record_align"]),
            "reset_id": int(fields["reset_id"]), "header": details})
    return result


def cache(text):
    """Returns a cache's header and fields, or None if there is none."""
    numbers = {name.strip(" ."): int(number) for name, number in
               re.findall(r"^([a-z_ ()]+)[ .]* = (\d+)", text, re.M)}
    if "file_seq" not in numbers:
        return None
    fields = []
    for line in part(text, "-- Cache fields --", "\n-- RECORDS").splitlines():
        match = re.match(r"^ *\d+: (.{1,44}) +(\w+) +(\d+|-) +(\w+) +"
                         r"(\d+-\d+-\d+ \d+:\d+)$", line)
        if match is None:
            continue
        used = calendar.timegm(time.strptime(match.group(5),
                                             "%Y-%m-%d %H:%M"))
        fields.append({"name": match.group(1).strip(),
                       "type": TYPES[match.group(2)],
                       "decision": DECISIONS[match.group(4)],
                       "last_used_minute": used})
    return {"index_id": numbers["indexid"], "file_seq": numbers["file_seq"],
            "records": numbers["record_count"],
            "continued_records": numbers["continued_record_count"],
            "deleted_records": numbers["deleted_record_count"],
            "fields": fields}


def index(text):
    """Of "doveadm dump -t index"."""
    result = header(part(text, "-- INDEX", "-- Extension|no extensions"))
    result["extensions"] = extensions(
        re.split(r"^-- Keywords --", text, flags=re.M)[0])
    result["keywords"] = re.findall(
        r"^ *\d+ = (.*)$", part(text, "-- Keywords --", "\n-- CACHE"), re.M)
    result["cache"] = cache(part(text, "-- CACHE", "\n-- RECORDS"))
    result["records"] = [
        (int(uid), int(flags, 16)) for uid, flags in re.findall(
            r"^RECORD: seq=\d+, uid=(\d+), flags=(0x\w+)", text, re.M)]
    return result


def log(text):
    """Of "doveadm dump -t log": transactions are {type: [internal, external,
    dsync]}."""
    numbers = {name: number for name, number in
               re.findall(r"^([a-z][a-z ]+) = (.*)$", text, re.M)}
    seq, offset = numbers["prev file"].split("/")
    result = {"index_id": int(numbers["index id"]),
              "file_seq": int(numbers["file seq"]),
              "prev_file_seq": int(seq), "prev_file_offset": int(offset),
              "created": int(numbers["create stamp"]),
              "initial_modseq": int(numbers["initial modseq"]),
              "transactions": {}, "end": int(numbers["hdr size"])}
    for offset, name, ext, sync, size in re.findall(
            r"^record: offset=(\d+), type=([\w-]+)( \(ext\))?( \(sync\))?, "
            r"size=(\d+)", text, re.M):
        counts = result["transactions"].setdefault(name, [0, 0, 0])
        counts[1 if ext else 0] += 1
        counts[2] += 1 if sync else 0
        result["end"] = int(offset) + int(size)
    return result
