// How many different persons several organisations have seen together, from noisy sums of bucket bits. Each
// organisation marks, among b buckets, those that its persons fall in; of a bucket that s of n organisations
// marked, s + noise is released. The unmarked share tells the number of persons by linear counting. Proof:
// distinct_estimate.md. One person changes one bucket of an organisation by at most one: l0 = linf = 1.
//
// Doubles are fine: only released integers and public parameters are seen. Pure, safe from any thread.
#pragma once
#include <cstdint>
#include <vector>

#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "codebook/codebook.h"
#include "privacy/mechanism.h"
#include "question/release.h"

namespace penc {

inline constexpr uint32_t kFewestBucketBits = 10, kMostBucketBits = kLinkageBits;

// The planner's number of buckets, a power of two from 2^10 to 2^20, where about so many persons are
// expected: the smallest with persons <= 0.7 b. Beyond 3 million persons 2^20 buckets are too full to say
// anything.
uint32_t BucketBitsFor(uint64_t expected_persons);

struct DistinctPersons {
  // Of all organisations together. Not shown where the buckets are too full for the noise. The 95 % margin is
  // of noise and of persons who share a bucket; a person under two spellings counts twice, two with one name
  // once: no margin knows that (federation/linkage.md).
  Value all;
  // Seen by two organisations or more, had each as many persons of its own as the others; 95 % margin of
  // noise and buckets. Where organisations differ it is too low, by at most `shared_beyond` persons. Not
  // shown for one organisation.
  Value shared;
  double shared_beyond = 0;
};

// `noisy`: per bucket, of so many organisations that answered; `noise` with the rate that remains.
DistinctPersons EstimateDistinct(absl::Span<const int64_t> noisy, uint32_t organisations,
                                 const Mechanism& noise);

// Half of the margin of `all` to be expected, in persons, before anybody spends; nothing where it would not
// be shown.
absl::optional<double> ExpectedDistinctMargin(double persons, uint32_t bucket_bits, uint32_t organisations,
                                              const Mechanism& noise);

// g over 0 … n with E g(s + noise, kept within 0 … n) = f(s) for s = 0 … n, where f has n + 1 values: the
// inverse of the noise. Nothing where it is unstable: some |g| above 10^4 max |f|, more than 2^20 buckets
// average out.
absl::optional<std::vector<double>> InverseNoise(const Mechanism& noise, const std::vector<double>& f);

}  // namespace penc
