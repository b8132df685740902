#!/usr/bin/env python3
"""Writes noise_share_v1.jsonl: removable components of noise, regenerated from their seeds ("sampler v1").

A second implementation of node/privacy/noise_share.md in plain Python, every primitive included, sharing no line
with the program; the file is frozen, and a change of it is a new sampler. `--check` compares instead of writing.
"""
import hashlib
import hmac
import json
import math
import pathlib
import sys
from fractions import Fraction


# ---- RFC 5869, RFC 8439
def hkdf32(secret, salt, info):
    prk = hmac.new(salt, secret, hashlib.sha256).digest()
    return hmac.new(prk, info + b"\1", hashlib.sha256).digest()


def chacha20_blocks(key):
    def rotate(x, n):
        return (x << n | x >> (32 - n)) & 0xFFFFFFFF

    words, counter = [int.from_bytes(key[i : i + 4], "little") for i in range(0, 32, 4)], 0
    while True:
        start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *words, counter, 0, 0, 0]
        x = list(start)
        for step in range(80):
            a, b, c, d = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                          (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))[step % 8]
            for first, second, third, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                x[first] = (x[first] + x[second]) & 0xFFFFFFFF
                x[third] = rotate(x[third] ^ x[first], turn)
        yield b"".join(((mine + at_start) & 0xFFFFFFFF).to_bytes(4, "little") for mine, at_start in zip(x, start))
        counter += 1


def stream(seed, block, index, part):
    info = block.to_bytes(4, "big") + index.to_bytes(8, "big") + part.to_bytes(1, "big")
    for piece in chacha20_blocks(hkdf32(seed, b"penc sampler v1", info)):
        for i in range(0, 64, 8):
            yield int.from_bytes(piece[i : i + 8], "little")


# ---- draws
def below(n, words):
    if n == 1:
        return 0
    bits = (n - 1).bit_length()
    while True:
        x = next(words) >> (64 - bits)
        if x < n:
            return x


def bern(a, b, words):
    k = 1
    while below(b * k, words) < a:
        k += 1
    return k % 2 == 1


def geometric(a, words):
    while True:
        u = below(a.denominator, words)
        if bern(u, a.denominator, words):
            break
    v = 0
    while bern(1, 1, words):
        v += 1
    return (u + a.denominator * v) // a.numerator


def urn(a, v, sign, words, cells):
    for first in range(0, len(cells), v):
        balls = []
        for j in range(geometric(a, words)):
            u = below(j + 1, words)
            balls.append(below(v, words) if u == j else balls[u])
        for ball in balls:
            if first + ball < len(cells):
                cells[first + ball] += sign


# ---- Skellam: the k with F(k - 1) <= U < F(k), in integers with SCALE bits behind the point
SCALE = 256


def exp_minus(x, bits):
    """e^-x with `bits` bits behind the point: e^-(x / 2^s), squared s times."""
    guard, halvings = bits + 128, math.ceil(x).bit_length() + 8
    small = Fraction(x) / 2**halvings
    term, total, i = 1 << guard, 1 << guard, 0
    while term:
        i += 1
        term = int(-term * small / i)
        total += term
    for _ in range(halvings):
        total = total * total >> guard
    return total >> 128


def skellam_cumulative(mu):
    """[(k, F(k) scaled)]: p(k) = e^-mu I_k(mu), I_k by its power series, all terms positive."""
    half = Fraction(mu) / 2
    bits = SCALE + 4 * math.ceil(mu) + 64  # e^-mu is small, I_k large
    factor, mass = exp_minus(mu, bits), []
    for k in range(40 + 20 * math.ceil(math.sqrt(mu)) + 1):
        term, total, j = int((1 << bits) * half**k / math.factorial(k)), 0, 0
        while term:
            total += term
            j += 1
            term = int(term * half * half / (j * (j + k)))
        mass.append(factor * total >> 2 * bits - SCALE)
    out, total = [], 0
    for k in range(1 - len(mass), len(mass)):
        total += mass[abs(k)]
        out.append((k, total))
    assert abs((1 << SCALE) - total) < 1 << 150, mu
    return out


def skellam(mu, seed, block, cells, first_bits):
    cumulative, first = skellam_cumulative(mu), stream(seed, block, 0, 2)
    for i in range(len(cells)):
        further = stream(seed, block, i, 3)
        u = next(first) >> (64 - first_bits)
        for word in (next(further), next(further)):
            u = u << 64 | word
        u <<= SCALE - 128 - first_bits
        low, high = 0, len(cumulative) - 1
        while low < high:
            middle = (low + high) // 2
            if cumulative[middle][1] > u:
                high = middle
            else:
                low = middle + 1
        # What is computed is within 2^-106 of F: a draw too near to tell would be one to leave out.
        assert abs(cumulative[low][1] - u) >> 150 and (low == 0 or abs(cumulative[low - 1][1] - u) >> 150)
        cells[i] += cumulative[low][0]


def component(name, family, parameter, dishonest, levels, j, block, count, first_bits=64):
    seed = hashlib.shake_256(b"penc vectors " + name.encode()).digest(32)
    low, high = levels[j] - dishonest, levels[j + 1] - dishonest
    cells = [0] * count
    if family == "laplace":
        for copy in range(high - low):
            urn(parameter, low * high, 1, stream(seed, block, copy, 0), cells)
            urn(parameter, low * high, -1, stream(seed, block, copy, 1), cells)
    else:
        skellam(parameter * Fraction(high - low, low * high), seed, block, cells, first_bits)
    some = [i for i, cell in enumerate(cells) if cell]
    return {"inputs": {"family": family, "num": parameter.numerator, "den": parameter.denominator,
                       "dishonest": dishonest, "levels": levels, "component": j, "seed": seed.hex(), "block": block,
                       "first_bits": first_bits, "length": count},
            "expected": {"at": some, "noise": [cells[i] for i in some]}}


def main():
    assert next(chacha20_blocks(bytes(32))).hex().startswith("76b8e0ada0f13d90")
    lines = {}

    def add(name, *rest):
        lines[name] = component(name, *rest)

    add("laplace-1", "laplace", Fraction(1), 2, [5, 6, 7, 8], 0, 0, 40)
    add("laplace-2", "laplace", Fraction(1), 3, [14, 15, 16, 17, 18], 3, 0, 1000)
    add("laplace-3", "laplace", Fraction(1, 20), 2, [5, 7], 0, 1, 45)
    add("laplace-4", "laplace", Fraction(7, 3), 0, [1, 4], 0, 4294967295, 100)
    add("laplace-5", "laplace", Fraction(37, 10000), 2, [5, 8, 11], 1, 7, 60)
    add("laplace-6", "laplace", Fraction(1, 10), 150, [500, 540, 583, 1000], 0, 3, 20000)
    add("laplace-7", "laplace", Fraction(1, 4), 0, [1, 2], 0, 2, 1)
    add("skellam-1", "skellam", Fraction(24), 2, [5, 6, 7, 8], 0, 0, 60)
    add("skellam-2", "skellam", Fraction(24), 3, [14, 15, 16, 17, 18], 3, 1, 60)
    add("skellam-3", "skellam", Fraction(1000), 2, [5, 7], 0, 1, 60)
    add("skellam-4", "skellam", Fraction(1, 2), 2, [5, 8], 0, 5, 100)
    add("skellam-5", "skellam", Fraction(1009, 3), 2, [4, 5], 0, 0, 40)
    # As if a first word had 6 bits: else no vector short of 2^50 cells would need its further ones.
    add("skellam-6", "skellam", Fraction(24), 2, [5, 6, 7, 8], 1, 9, 4200, 6)
    text = "".join(json.dumps({"id": name, **line}) + "\n" for name, line in lines.items())
    path = pathlib.Path(__file__).with_suffix(".jsonl")
    if "--check" not in sys.argv:
        path.write_text(text)
    elif path.read_text() != text:
        sys.exit(f"{path} is not what this script computes")


if __name__ == "__main__":
    main()
