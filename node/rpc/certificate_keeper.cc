#include "rpc/certificate_keeper.h"

#include <utility>

namespace penc::rpc {

CertificateKeeper::CertificateKeeper(std::function<absl::Status()> look, absl::Duration every,
                                     std::function<void(const absl::Status&)> trouble)
    : look_(std::move(look)), every_(every), trouble_(std::move(trouble)), thread_([this] { Loop(); }) {}

CertificateKeeper::~CertificateKeeper() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void CertificateKeeper::Loop() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!changed_.wait_for(lock, absl::ToChronoNanoseconds(every_), [this] { return stopping_; })) {
    lock.unlock();
    const absl::Status looked = look_();
    if (!looked.ok() && trouble_) trouble_(looked);
    lock.lock();
  }
}

}  // namespace penc::rpc
