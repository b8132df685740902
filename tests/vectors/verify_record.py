#!/usr/bin/env python3
"""Opens the record of a round: `verify_record.py FILE.penc [ROOTS]` prints its noisy integers as JSON.

A second reading of node/federation/protocol.md in plain Python, every primitive included, sharing no line with the
program. It does not plan questions anew (section 2: plan and word_bits are taken from the descriptor); everything else
of sections 1 to 6 is computed and compared. Exits 6 where anything does not hold.
"""
import base64
import hashlib
import json
import sys
from fractions import Fraction

import noise_share_v1 as noise
from round_v1 import CHUNK, chacha20, root, sha, times, u32

MAGIC = b"penc round record 1\n"


class Wrong(Exception):
    pass


def must(holds, what):
    if not holds:
        raise Wrong(what)


# ---- RFC 8032
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(a, b):
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    p, q, r, s = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P, 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = q - p, s - r, s + r, q + p
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiple(k, point):
    out = (0, 1, 1, 0)
    while k:
        if k & 1:
            out = add(out, point)
        point, k = add(point, point), k >> 1
    return out


def decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    must(y < P and (x * x - x2) % P == 0, "a point")
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(key, text, signature):
    if len(key) != 32 or len(signature) != 64:
        return False
    try:
        a, r = decompress(key), decompress(signature[:32])
    except Wrong:
        return False
    s = int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % L
    left, right = multiple(s, BASE), add(r, multiple(h, a))
    return s < L and (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# ---- messages: {field number: [values]}
def parse(data):
    fields, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            must(at < len(data) and shift < 70, "a message is cut")
            byte = data[at]
            value, shift, at = value | (byte & 127) << shift, shift + 7, at + 1
            if byte < 128:
                return value

    while at < len(data):
        tag = varint()
        if tag & 7 == 0:
            value = varint()
        else:
            size = varint() if tag & 7 == 2 else {1: 8, 5: 4}.get(tag & 7)
            must(size is not None and at + size <= len(data), "a message is cut")
            value, at = data[at : at + size], at + size
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def one(message, number, default=b""):
    return message.get(number, [default])[-1]


def numbers(message, number):
    """Repeated integers, packed or not."""
    out = []
    for value in message.get(number, []):
        if isinstance(value, int):
            out.append(value)
            continue
        at = 0
        while at < len(value):
            number_, shift = 0, 0
            while True:
                number_, shift, at = number_ | (value[at] & 127) << shift, shift + 7, at + 1
                if value[at - 1] < 128:
                    break
            out.append(number_)
    return out


def micros(message, number):
    value = one(message, number, 0)
    return value >> 1 ^ -(value & 1)


# ---- RFC 9162, 2.1.3.2
def included(leaf, index, size, proof, root_hash):
    if index >= size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = sha(b"\1", p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha(b"\1", r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root_hash


def inverse(a):
    return next(b for b in range(1, 256) if times(a, b) == 1)


def join(threshold, shares):
    """shares: {place: bytes}; Lagrange at 0 over GF(2^8)."""
    chosen = sorted(shares)[:threshold]
    out = bytes(32)
    for i in chosen:
        coefficient = 1
        for j in chosen:
            if j != i:
                coefficient = times(times(coefficient, j + 1), inverse((i + 1) ^ (j + 1)))
        out = bytes(o ^ times(s, coefficient) for o, s in zip(out, shares[i]))
    return out


# ---- 1
def read_roster(signed_roster, roots):
    data = one(signed_roster, 1)
    roster = parse(data)
    keys, threshold = roster.get(6, []), one(roster, 7, 0)
    must(one(roster, 1, 0) == 1 and len(set(keys)) == len(keys) and 1 <= threshold <= len(keys), "the roster's shape")
    signers = set()
    for signature in map(parse, signed_roster.get(2, [])):
        must(signed(one(signature, 1), b"penc roster v1\n" + data, one(signature, 2)), "a signature of the roster")
        signers.add(one(signature, 1))
    must(len(signers & set(keys)) >= threshold, "signatures of root keys are missing")
    text = b"penc roots v1\n" + str(threshold).encode() + b"\n" + b"".join(sorted(keys))
    fingerprint = "SHA256:" + base64.b64encode(sha(text)).decode().rstrip("=")
    must(roots in (None, fingerprint), "the roster is of another network")
    return data, roster, fingerprint


# ---- 2
def committee(n, declared):
    if n == 5:
        return 5, 2, 1
    if n == 6:
        return 6, 1, 2
    wanted = declared or max(2, -(-15 * n // 100))
    fitting = [x for x in ((7, 2, 2), (10, 3, 3), (13, 4, 4), (18, 5, 6), (31, 10, 10)) if x[0] <= n]
    return next((x for x in fitting if x[1] >= wanted), fitting[-1])


def read_terms(terms, roster_bytes, roster):
    body = one(terms, 1)
    d = parse(body)
    must(signed(one(d, 40), b"penc round v1\n" + body, one(terms, 2)), "the partner's signature")
    must(one(d, 1, 0) == 1 and one(d, 2, 0) >= 1 and len(one(d, 3)) == 16, "suite, attempt or nonce")
    must((one(d, 4) == b"") == (one(d, 2) == 1), "void_sha256")
    must(one(d, 5) == sha(roster_bytes) and one(d, 6, 0) == one(roster, 3, 0), "another roster")
    members = [parse(m) for m in roster[10]]
    left, region = numbers(roster, 11), one(d, 7)
    asked, declared = [i for i in range(len(members)) if i not in left], one(roster, 14, 0)
    if region:
        found = next(r for r in map(parse, roster.get(12, [])) if one(r, 1) == region)
        asked, declared = [i for i in numbers(found, 2) if i not in left], one(found, 3, 0)
    n = len(asked)
    c, colluding, absent = committee(n, declared)
    dishonest = max(declared or max(2, -(-15 * n // 100)), colluding)
    fewest = max(5, -(-n // 2), dishonest + 3)
    levels = list(range(fewest, n + 1))
    if n > 128:
        levels, h = [], fewest - dishonest
        while h < n - dishonest:
            levels, h = levels + [dishonest + h], 1053 * h // 1000 + 1
        levels.append(n)
    must(levels and (one(d, 23, 0), one(d, 24, 0), numbers(d, 25)) == (n, dishonest, levels), "asked, dishonest, levels")
    must((one(d, 27, 0), one(d, 28, 0)) == (colluding, absent), "colluding or absent")
    declared_stewards = [(micros(parse(members[i][4][-1]), 4), i) for i in asked if 4 in members[i]]
    able = max(c, -(-2 * len(declared_stewards) // 3))
    until = sorted((end for end, _ in declared_stewards), reverse=True)[able - 1]
    order = sorted((sha(b"penc steward v1\n", sha(roster_bytes), one(members[i], 1)), i)
                   for end, i in declared_stewards if end >= until)
    must(numbers(d, 26) == sorted(i for _, i in order[:c]), "the stewards")
    times_ = [micros(d, f) for f in range(30, 35)]
    steps = {times_[i + 1] - times_[i] for i in range(3)}
    must(times_ == sorted(times_) and times_[4] <= until and len(steps) == 1 and 30e6 <= min(steps) <= 24 * 3600e6, "deadlines")
    blocks = [parse(b) for b in d[22]]
    must(sum(one(b, 1, 0) for b in blocks) == one(d, 20, 0) and one(d, 21, 0) in (32, 64), "length or word_bits")
    return {"qid": sha(body), "attempt": one(d, 2), "members": members, "asked": asked, "stewards": numbers(d, 26),
            "quorum": c - absent, "levels": levels, "dishonest": dishonest, "length": one(d, 20), "width": one(d, 21) // 8,
            "blocks": blocks, "hub": one(roster, 8)}


def vote_key(r, steward):
    return one(parse(one(r["members"][steward], 4)), 3)


def belongs(r, message):
    return one(message, 1) == r["qid"] and one(message, 2, 0) == r["attempt"]


# ---- 4
def read_certificate(r, certificate):
    proposal = parse(one(certificate, 1))
    data = one(proposal, 1)
    must(signed(r["hub"], b"penc proposal v1\n" + data, one(proposal, 2)), "the hub's signature")
    parsed = parse(data)
    offices = [(one(o, 1, 0), one(o, 2)) for o in map(parse, parsed.get(3, []))]
    indexes = [o for o, _ in offices]
    must(belongs(r, parsed) and indexes == sorted(set(indexes)) and set(indexes) <= set(r["asked"])
         and len(indexes) >= r["levels"][0], "the proposal")
    voters = []
    for vote in map(parse, certificate.get(2, [])):
        steward = one(vote, 4, 0)
        text = b"penc vote v1\n" + r["qid"] + u32(r["attempt"]) + sha(data)
        must(belongs(r, vote) and one(vote, 3) == sha(data) and steward in r["stewards"]
             and signed(vote_key(r, steward), text, one(vote, 5)), "a vote")
        voters.append(steward)
    must(voters == sorted(set(voters)) and len(voters) >= r["quorum"], "too few votes")
    return offices, sha(data)


# ---- 6.5 to 6.7
def read_abstentions(r, messages, offices):
    seen = []
    for message in map(parse, messages):
        a = parse(one(message, 1))
        office = one(a, 3, 0)
        must(belongs(r, a) and office in r["asked"] and office not in dict(offices)
             and signed(one(r["members"][office], 1), b"penc abstention v1\n" + one(message, 1), one(message, 2)), "an abstention")
        seen.append(office)
    must(seen == sorted(set(seen)), "abstentions out of order")
    return seen


def read_openings(r, messages, set_hash):
    openings, last = [], (-1, -1)
    for message in map(parse, messages):
        signed_opening, mask_sum = parse(one(message, 1)), one(message, 2)
        data = one(signed_opening, 1)
        o = parse(data)
        steward, reveal = one(o, 3, 0), bool(one(o, 7, 0))
        must(belongs(r, o) and steward in r["stewards"] and one(o, 4) == set_hash
             and signed(vote_key(r, steward), b"penc opening v1\n" + data, one(signed_opening, 2)), "an opening")
        must(mask_sum == b"" if reveal else len(mask_sum) == r["length"] * r["width"] and sha(mask_sum) == one(o, 5), "a mask sum")
        place = (steward, 1 + one(o, 8, 0) if reveal else 0)
        must(place > last, "openings out of order")
        last = place
        openings.append({"place": r["stewards"].index(steward), "steward": steward, "mask_sum": None if reveal else mask_sum,
                         "absent": one(o, 8, 0) if reveal else None, "shares": [parse(s) for s in o.get(9 if reveal else 6, [])]})
    return openings


def read_contributions(r, headers, vectors, offices):
    must(len(headers) == len(vectors) == len(offices), "contributions are missing")
    out = []
    for (office, header_hash), message, vector in zip(offices, map(parse, headers), vectors):
        data = one(message, 1)
        h = parse(data)
        must(belongs(r, h) and one(h, 3, 0) == office and sha(data) == header_hash
             and signed(one(r["members"][office], 1), b"penc contribution v1\n" + data, one(message, 2)), f"the header of {office}")
        must([len(h.get(f, [])) for f in (7, 8, 9, 10)] == [len(r["stewards"]), len(r["levels"]) - 1] + 2 * [len(r["stewards"])],
             f"the lists of {office}")
        chunks = [vector[i : i + CHUNK] for i in range(0, len(vector), CHUNK)]
        must(len(vector) == one(h, 5, 0) == r["length"] * r["width"] and root(chunks) == one(h, 6), f"the vector of {office}")
        out.append((office, h, vector))
    return out


# ---- 6.8 and 6.9
def secret_of(r, office, header, place, given):
    """Joined from shares [(steward's place, share)] that prove themselves."""
    size, good = len(r["stewards"]) + len(r["levels"]) - 1, {}
    for steward_place, share in given:
        if one(share, 1, 0) == office and one(share, 2, 0) == place:
            leaf = sha(b"\0", u32(place), one(share, 3))
            if len(one(share, 3)) == 32 and included(leaf, place, size, share.get(4, []), header[9][steward_place]):
                good[steward_place] = one(share, 3)
    return join(r["quorum"], good) if len(good) >= r["quorum"] else None


def words(r, data):
    return [int.from_bytes(data[i : i + r["width"]], "little") for i in range(0, len(data), r["width"])]


def open_sum(r, contributions, openings):
    modulus = 1 << 8 * r["width"]
    total = [0] * r["length"]
    for _, _, vector in contributions:
        total = [a + b for a, b in zip(total, words(r, vector))]
    for place, steward in enumerate(r["stewards"]):
        release = next((o for o in openings if o["steward"] == steward and o["mask_sum"] is not None), None)
        masks = [release["mask_sum"]] if release else []
        for office, header, _ in contributions if not release else []:
            given = [(o["place"], s) for o in openings if o["absent"] == steward for s in o["shares"]]
            seed = secret_of(r, office, header, place, given)
            must(seed and sha(b"penc mask v1\n", seed) == header[7][place], f"the mask of {office} for {steward}")
            masks.append(chacha20(seed, r["length"] * r["width"]))
        for mask in masks:
            total = [a - b for a, b in zip(total, words(r, mask))]
    return [(x + modulus // 2) % modulus - modulus // 2 for x in total]


def take_noise(r, contributions, openings, cells):
    taken, given = 0, [(o["place"], s) for o in openings if o["mask_sum"] is not None for s in o["shares"]]
    while taken + 1 < len(r["levels"]) and r["levels"][taken + 1] <= len(contributions):
        seeds = []
        for office, header, _ in contributions:
            seed = secret_of(r, office, header, len(r["stewards"]) + taken, given)
            if seed is None or sha(b"penc level v1\n", seed) != header[8][taken]:
                return taken
            seeds.append(seed)
        low, high = r["levels"][taken] - r["dishonest"], r["levels"][taken + 1] - r["dishonest"]
        first = 0
        for number, block in enumerate(r["blocks"]):
            law, count = parse(one(block, 2)), one(block, 1)
            parameter = Fraction(one(law, 2), one(law, 3))
            for seed in seeds:
                part = [0] * count
                if one(law, 1) == 1:
                    for copy in range(high - low):
                        noise.urn(parameter, low * high, 1, noise.stream(seed, number, copy, 0), part)
                        noise.urn(parameter, low * high, -1, noise.stream(seed, number, copy, 1), part)
                else:
                    noise.skellam(parameter * Fraction(high - low, low * high), seed, number, part, 64)
                cells[first : first + count] = [a - b for a, b in zip(cells[first:], part)]
            first += count
        taken += 1
    return taken


def verify(data, roots):
    must(data.startswith(MAGIC) and sha(data[len(MAGIC) + 32 :]) == data[len(MAGIC) : len(MAGIC) + 32], "damaged")
    record = parse(data[len(MAGIC) + 32 :])
    must(set(record) <= set(range(1, 10)) and one(record, 1, 0) == 1, "format")
    roster_bytes, roster, fingerprint = read_roster(parse(one(record, 2)), roots)
    r = read_terms(parse(one(record, 3)), roster_bytes, roster)
    offices, set_hash = read_certificate(r, parse(one(record, 4)))
    abstained = read_abstentions(r, record.get(8, []), offices)
    openings = read_openings(r, record.get(7, []), set_hash)
    contributions = read_contributions(r, record.get(5, []), record.get(6, []), offices)
    cells = open_sum(r, contributions, openings)
    taken = take_noise(r, contributions, openings, cells)
    return {"roots": fingerprint, "round": r["qid"].hex(), "answered": [o for o, _ in offices], "asked": r["asked"],
            "abstained": abstained, "taken": taken, "rate": [len(offices), r["levels"][taken] - r["dishonest"]], "noisy": cells}


def main():
    assert signed(bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"), b"\x72", bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"))
    try:
        with open(sys.argv[1], "rb") as file:
            print(json.dumps(verify(file.read(), sys.argv[2] if len(sys.argv) > 2 else None)))
    except (Wrong, IndexError, KeyError, StopIteration, TypeError) as wrong:
        print("does not hold:", wrong, file=sys.stderr)
        sys.exit(6)


if __name__ == "__main__":
    main()
