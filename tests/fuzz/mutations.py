"""Damage a file in one of many ways; the same seed gives the same damage."""

import random
import re
import struct
import zlib

_NUMBERS = (0, 1, 2, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1)
_LONG = (2**40, 2**63 - 1, 2**63, 2**64 - 1)
_WORDS = (b"-1", b"0", b"1000000000", b"99999999999999999999", b"1e999", b"nan", b"-0.5", b"")


def mutated(seed: int, data: bytes, other: bytes) -> bytes:
    """Apply one to four random changes; `other` is a file to take parts of."""
    chance = random.Random(seed)  # noqa: S311
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        data = chance.choice(_CHANGES)(chance, data, other) if data else data
    if data.startswith(b"\x89PNG") and chance.random() < 0.7:
        data = _with_sums(data)
    return data


def _place(chance, data):
    """Headers matter most."""
    near = chance.random() < 0.5
    return chance.randrange(min(len(data), 256) if near else len(data))


def _flip(chance, data, _other):
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8, 32))):
        changed[_place(chance, data)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _set(chance, data, _other):
    changed = bytearray(data)
    changed[_place(chance, data)] = chance.choice((0, 1, 127, 128, 255, chance.randrange(256)))
    return bytes(changed)


def _number(chance, data, _other):
    size, order = chance.choice("BHIQ"), chance.choice("<>")
    known = _NUMBERS + (_LONG if size == "Q" else (len(data), len(data) - 8))
    form = struct.Struct(order + size)
    value = chance.choice(known) % 256**form.size
    at = _place(chance, data)
    return data[:at] + form.pack(value) + data[at + form.size :]


def _cut(chance, data, _other):
    return data[: chance.randrange(len(data))]


def _drop(chance, data, _other):
    at = _place(chance, data)
    return data[:at] + data[at + chance.choice((1, 2, 4, 16, 200)) :]


def _repeat(chance, data, _other):
    at, size = _place(chance, data), chance.choice((1, 4, 12, 64, 400))
    return data[:at] + data[at : at + size] * chance.choice((2, 3, 50)) + data[at + size :]


def _insert(chance, data, _other):
    at = _place(chance, data)
    fill = chance.choice((b"\0", b"\xff", bytes([chance.randrange(256)])))
    return data[:at] + fill * chance.choice((1, 2, 4, 64, 5000)) + data[at:]


def _splice(chance, data, other):
    at, start = _place(chance, data), chance.randrange(len(other))
    part = other[start : start + chance.choice((4, 16, 64, 512))]
    return data[:at] + part + data[at + chance.choice((0, len(part))) :]


def _copy(chance, data, _other):
    source, at, size = _place(chance, data), _place(chance, data), chance.choice((2, 4, 8, 32))
    return data[:at] + data[source : source + size] + data[at + size :]


def _word(chance, data, _other):
    found = list(re.finditer(rb"\d+", data))
    if not found:
        return data
    chosen = chance.choice(found)
    return data[: chosen.start()] + chance.choice(_WORDS) + data[chosen.end() :]


_CHANGES = (
    *(_flip, _set, _number, _number, _cut, _drop),
    *(_repeat, _insert, _splice, _copy, _word),
)


def _with_sums(data: bytes) -> bytes:
    """Correct the checksums of a PNG, so that its chunks are looked into."""
    at, parts = 8, [data[:8]]
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        if at + 12 + length > len(data):
            break
        body = data[at + 4 : at + 8 + length]
        parts += [data[at : at + 4], body, struct.pack(">I", zlib.crc32(body))]
        at += 12 + length
    return b"".join([*parts, data[at:]])
