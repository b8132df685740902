#include "hub/knocks.h"

#include <algorithm>
#include <utility>

#include "crypto/hash.h"

namespace penc {

std::vector<std::string> Knocks::Ask(const v1::SignedUnlockRequest& signed_request,
                                     const v1::UnlockRequest& request, absl::Time now) {
  const std::string sha256 = Sha256(signed_request.request());
  size_t own = 0;
  for (Waiting& one : waiting_) {
    if (one.sha256 == sha256) {
      one.asked = now;
      return {};
    }
    own += one.member == request.member();
  }
  if (own >= kPerMember) {
    waiting_.erase(std::find_if(waiting_.begin(), waiting_.end(),
                                [&](const Waiting& one) { return one.member == request.member(); }));
  }
  Waiting& one = waiting_.emplace_back();
  one.request = signed_request;
  one.sha256 = sha256;
  one.member = request.member();
  one.asked = now;
  for (const v1::SealedShare& share : request.shares()) one.stewards.push_back(share.steward());
  return one.stewards;
}

std::vector<v1::SignedUnlockAnswer> Knocks::AnswersTo(const v1::SignedUnlockRequest& request) const {
  std::vector<v1::SignedUnlockAnswer> answers;
  const std::string sha256 = Sha256(request.request());
  for (const Waiting& one : waiting_) {
    if (one.sha256 != sha256) continue;
    for (const auto& [steward, answer] : one.answers) answers.push_back(answer);
  }
  return answers;
}

std::vector<v1::SignedUnlockRequest> Knocks::For(absl::string_view steward) const {
  std::vector<v1::SignedUnlockRequest> requests;
  for (const Waiting& one : waiting_) {
    if (requests.size() < kAtOnce && !one.answers.contains(steward) &&
        std::find(one.stewards.begin(), one.stewards.end(), steward) != one.stewards.end())
      requests.push_back(one.request);
  }
  return requests;
}

void Knocks::Put(const v1::SignedUnlockAnswer& signed_answer, const v1::UnlockAnswer& answer) {
  for (Waiting& one : waiting_) {
    if (one.sha256 == answer.request_sha256() &&
        std::find(one.stewards.begin(), one.stewards.end(), answer.steward()) != one.stewards.end())
      one.answers[answer.steward()] = signed_answer;
  }
}

void Knocks::Forget(absl::Time now) {
  waiting_.remove_if([&](const Waiting& one) { return one.asked + kForgotten <= now; });
}

}  // namespace penc
