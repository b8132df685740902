#include "privacy/sampler.h"

#include "base/status.h"
#include "privacy/laplace_sampler.h"
#include "privacy/skellam_sampler.h"

namespace penc {

std::unique_ptr<NoiseSampler> MakeSampler(const Mechanism& mechanism) {
  PENC_CHECK(mechanism.rate == Ratio({1, 1}));
  return mechanism.family == Family::kDiscreteLaplace ? MakeLaplaceSampler(mechanism.parameter)
                                                      : MakeSkellamSampler(mechanism.parameter);
}

void AddNoise(const Mechanism& mechanism, RandomSource& random, absl::Span<int64_t> cells) {
  Words words(random);
  MakeSampler(mechanism)->AddTo(cells, words);
}

}  // namespace penc
