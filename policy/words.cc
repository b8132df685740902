#include "policy/words.h"

namespace penc {

v1::RefusalDetail InWords(v1::Refusal refusal, const std::string& about) {
  v1::RefusalDetail detail;
  detail.set_reason(refusal);
  detail.set_about(about);
  const auto* value = v1::Refusal_descriptor()->FindValueByNumber(refusal);
  if (value == nullptr) return detail;
  const v1::Sentence& says = value->options().GetExtension(v1::says);
  detail.mutable_says()->set_fr(says.fr());
  detail.mutable_says()->set_en(says.en());
  detail.mutable_next()->set_fr(says.next_fr());
  detail.mutable_next()->set_en(says.next_en());
  return detail;
}

}  // namespace penc
