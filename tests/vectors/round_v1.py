#!/usr/bin/env python3
"""Writes round_v1.jsonl: keys, masks, shares, boxes, chunks and mail of a round, suite 1.

A second reading of round.proto and federation/*.h in plain Python, every primitive included, sharing no line
with the program; the file is frozen, and a change of it is a new suite. `--check` compares instead of writing.
"""
import hashlib
import hmac
import json
import pathlib
import sys

P = 2**255 - 19
CHUNK = 256 << 10


def u32(value):
    return value.to_bytes(4, "big")


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def seeded(name, size):
    """Reproducible bytes that mean nothing."""
    return hashlib.shake_256(b"penc vectors " + name.encode()).digest(size)


# ---- RFC 7748
def x25519(scalar, u=(9).to_bytes(32, "little")):
    k = int.from_bytes(scalar, "little") & ~7 & (2**255 - 1) | 2**254
    x1 = int.from_bytes(u, "little") & (2**255 - 1)
    x2, z2, x3, z3 = 1, 0, x1, 1
    for bit in range(254, -1, -1):
        swap = k >> bit & 1
        if swap:
            x2, z2, x3, z3 = x3, z3, x2, z2
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb, aa, bb = d * a, c * b, a * a, b * b
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
        if swap:
            x2, z2, x3, z3 = x3, z3, x2, z2
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


# ---- RFC 5869
def hkdf(secret, salt, info, size):
    prk = hmac.new(salt, secret, hashlib.sha256).digest()
    out, block, counter = b"", b"", 1
    while len(out) < size:
        block = hmac.new(prk, block + info + bytes([counter]), hashlib.sha256).digest()
        out, counter = out + block, counter + 1
    return out[:size]


# ---- RFC 8439
def chacha20(key, size):
    def rotate(x, n):
        return (x << n | x >> (32 - n)) & 0xFFFFFFFF

    words = [int.from_bytes(key[i : i + 4], "little") for i in range(0, 32, 4)]
    start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *words, 0, 0, 0, 0]
    out = bytearray()
    while len(out) < size:
        x = list(start)
        for step in range(80):
            a, b, c, d = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                          (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))[step % 8]
            for first, second, third, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                x[first] = (x[first] + x[second]) & 0xFFFFFFFF
                x[third] = rotate(x[third] ^ x[first], turn)
        for mine, at_start in zip(x, start):
            out += ((mine + at_start) & 0xFFFFFFFF).to_bytes(4, "little")
        start[12] += 1
    return bytes(out[:size])


# ---- GF(2^8), FIPS 197 and SP 800-38D
def times(a, b):
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = a << 1 ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


def s_box():
    box = []
    for a in range(256):
        inverse = next((b for b in range(256) if times(a, b) == 1), 0)
        value = 0x63
        for turn in range(5):
            value ^= (inverse << turn | inverse >> (8 - turn)) & 0xFF
        box.append(value)
    return box


S_BOX = s_box()


def aes256(key):
    words, factor = [list(key[i : i + 4]) for i in range(0, 32, 4)], 1
    for i in range(8, 60):
        word = words[i - 1]
        if i % 8 == 0:
            word = [S_BOX[b] for b in word[1:] + word[:1]]
            word[0] ^= factor
            factor = times(factor, 2)
        elif i % 8 == 4:
            word = [S_BOX[b] for b in word]
        words.append([a ^ b for a, b in zip(words[i - 8], word)])
    keys = [sum(words[4 * r : 4 * r + 4], []) for r in range(15)]

    def encrypt(block):
        state = [a ^ b for a, b in zip(block, keys[0])]
        for r in range(1, 15):
            state = [S_BOX[state[(i + 4 * (i % 4)) % 16]] for i in range(16)]
            if r < 14:
                mixed = []
                for c in range(0, 16, 4):
                    column = state[c : c + 4]
                    for i in range(4):
                        mixed.append(times(column[i], 2) ^ times(column[(i + 1) % 4], 3)
                                     ^ column[(i + 2) % 4] ^ column[(i + 3) % 4])
                state = mixed
            state = [a ^ b for a, b in zip(state, keys[r])]
        return bytes(state)

    return encrypt


def gcm(key_and_iv, associated, plain):
    encrypt, iv = aes256(key_and_iv[:32]), key_and_iv[32:]
    h = int.from_bytes(encrypt(bytes(16)), "big")

    def multiply(x):
        z, v = 0, h
        for bit in range(127, -1, -1):
            if x >> bit & 1:
                z ^= v
            v = v >> 1 ^ (0xE1 << 120 if v & 1 else 0)
        return z

    sealed = b""
    for i in range(0, len(plain), 16):
        stream = encrypt(iv + u32(2 + i // 16))
        sealed += bytes(a ^ b for a, b in zip(plain[i : i + 16], stream))
    hashed = b"".join(part + bytes(-len(part) % 16) for part in (associated, sealed))
    hashed += (8 * len(associated)).to_bytes(8, "big") + (8 * len(sealed)).to_bytes(8, "big")
    y = 0
    for i in range(0, len(hashed), 16):
        y = multiply(y ^ int.from_bytes(hashed[i : i + 16], "big"))
    tag = bytes(a ^ b for a, b in zip(y.to_bytes(16, "big"), encrypt(iv + u32(1))))
    return sealed + tag


# ---- RFC 6962
def split(leaves):
    return 1 << (len(leaves) - 1).bit_length() - 1


def root(leaves):
    if len(leaves) == 1:
        return sha(b"\0", leaves[0])
    k = split(leaves)
    return sha(b"\1", root(leaves[:k]), root(leaves[k:]))


def proof(leaves, index):
    if len(leaves) == 1:
        return []
    k = split(leaves)
    if index < k:
        return proof(leaves[:k], index) + [root(leaves[k:])]
    return proof(leaves[k:], index - k) + [root(leaves[:k])]


# ---- the round
def shamir(coefficients, count):
    """Shares of coefficients[0] at the points 1 … count."""
    shares = []
    for point in range(1, count + 1):
        share = bytes(len(coefficients[0]))
        for coefficient in reversed(coefficients):
            share = bytes(times(s, point) ^ c for s, c in zip(share, coefficient))
        shares.append(share)
    return shares


def pair_keys(name, attempt, office, steward, preshared):
    qid, a, b = seeded(name + " qid", 32), seeded(name + " office", 32), seeded(name + " steward", 32)
    salt = sha(b"penc round v1", u32(1), qid, u32(attempt), u32(office), u32(steward), x25519(a), x25519(b))
    secret = x25519(a, x25519(b)) + preshared
    assert x25519(a, x25519(b)) == x25519(b, x25519(a))
    seed = hkdf(secret, salt, b"mask", 32)
    return {
        "inputs": {"suite": "1", "qid": qid, "attempt": str(attempt), "office": str(office), "steward": str(steward),
                   "office_secret": a, "steward_secret": b, "preshared": preshared},
        "expected": {"office_key": x25519(a), "steward_key": x25519(b), "mask_seed": seed,
                     "box_key": hkdf(secret, salt, b"box", 44), "mask_commitment": sha(b"penc mask v1\n", seed),
                     "level_commitment": sha(b"penc level v1\n", seed)},
    }


def mask(name, bits, count):
    seed, start = seeded(name + " seed", 32), seeded(name + " start", count * bits // 8)
    stream = chacha20(seed, len(start))

    def combined(sign):
        out = b""
        for i in range(0, len(start), bits // 8):
            word, other = (int.from_bytes(x[i : i + bits // 8], "little") for x in (start, stream))
            out += ((word + sign * other) % 2**bits).to_bytes(bits // 8, "little")
        return out

    return {"inputs": {"seed": seed, "word_bits": str(bits), "words": start},
            "expected": {"added": combined(1), "subtracted": combined(-1)}}


def join(name, threshold, count, used):
    coefficients = [seeded(f"{name} {k}", 32) for k in range(threshold)]
    shares = shamir(coefficients, count)
    return {"inputs": {"threshold": str(threshold), "indexes": [str(i) for i in used],
                       "shares": [shares[i] for i in used]},
            "expected": {"secret": coefficients[0]}}


def box(name, places, place):
    shares, key = [seeded(f"{name} {p}", 32) for p in range(places)], seeded(name + " key", 44)
    leaves = [u32(p) + share for p, share in enumerate(shares)]
    sealed = gcm(key, b"penc box v1\n", b"".join(shares))
    return {"inputs": {"box_key": key, "shares": shares, "place": str(place)},
            "expected": {"root": root(leaves), "sealed": sealed, "sha256": sha(sealed), "proof": proof(leaves, place)}}


def chunks(size):
    """Of the vector whose byte i is i + floor(i / 256) + 7 floor(i / 65536), modulo 256."""
    vector = bytes((i + (i >> 8) + 7 * (i >> 16)) & 0xFF for i in range(size))
    leaves = [vector[i : i + CHUNK] for i in range(0, size, CHUNK)]
    return {"inputs": {"bytes": str(size), "sha256": sha(vector)},
            "expected": {"root": root(leaves), "last_proof": proof(leaves, len(leaves) - 1)}}


def mail(name, attempt, steward, count, content):
    qid, sender, key = seeded(name + " qid", 32), seeded(name + " sender", 32), seeded(name + " key", 44)
    readers = [seeded(f"{name} reader {i}", 32) for i in range(count)]
    prefix = b"penc mail v1\n" + qid + u32(attempt) + u32(steward)
    names, keys = [], []
    for reader in readers:
        public = x25519(reader)
        salt = sha(prefix, x25519(sender), public)
        names.append(sha(public))
        keys.append(gcm(hkdf(x25519(sender, public), salt, b"mail", 44), b"", key))
    key_sha256 = sha(b"penc mail key v1\n", key)
    associated = prefix + x25519(sender) + key_sha256 + b"".join(n + k for n, k in zip(names, keys))
    return {"inputs": {"qid": qid, "attempt": str(attempt), "steward": str(steward), "reader_secrets": readers,
                       "sender_key": x25519(sender), "readers": names, "keys": keys, "key_sha256": key_sha256,
                       "sealed": gcm(key, associated, content)},
            "expected": {"content": content}}


def main():
    assert x25519(bytes.fromhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")).hex().startswith("8520f009")
    assert gcm(bytes(44), b"", b"").hex() == "530f8afbc74536b9a963b4f1c4cb738b"
    assert chacha20(bytes(32), 4).hex() == "76b8e0ad"
    lines = {
        "pair-1": pair_keys("pair-1", 1, 0, 1, b""),
        "pair-2": pair_keys("pair-2", 3, 999, 12, b""),
        "pair-3": pair_keys("pair-3", 1, 70000, 2, seeded("pair-3 preshared", 32)),
        "mask-32": mask("mask-32", 32, 101),
        "mask-64": mask("mask-64", 64, 67),
        "join-1": join("join-1", 1, 3, [2]),
        "join-2": join("join-2", 5, 7, [6, 0, 3, 5, 1]),
        "join-3": join("join-3", 12, 18, list(range(6, 18))),
        "join-4": join("join-4", 3, 255, [254, 100, 0]),
        "box-1": box("box-1", 1, 0),
        "box-2": box("box-2", 11, 10),
        "box-3": box("box-3", 31, 17),
        "chunks-1": chunks(4),
        "chunks-2": chunks(CHUNK),
        "chunks-3": chunks(2 * CHUNK + 12),
        "mail-1": mail("mail-1", 1, 4, 1, b""),
        "mail-2": mail("mail-2", 2, 17, 3, b"what a steward says to the recipients"),
    }

    def plain(value):
        if isinstance(value, bytes):
            return value.hex()
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items()}
        return [plain(v) for v in value] if isinstance(value, list) else value

    text = "".join(json.dumps({"id": name, **plain(line)}) + "\n" for name, line in lines.items())
    path = pathlib.Path(__file__).with_suffix(".jsonl")
    if "--check" not in sys.argv:
        path.write_text(text)
    elif path.read_text() != text:
        sys.exit(f"{path} is not what this script computes")


if __name__ == "__main__":
    main()
