#include "rpc/certificate_keeper.h"

#include <utility>

#include "office/identity.h"

namespace penc::rpc {

CertificateKeeper::CertificateKeeper(CertificateFiles files, const Clock& clock, absl::Duration every,
                                     std::function<void(const absl::Status&)> trouble)
    : files_(std::move(files)), clock_(clock), every_(every), trouble_(std::move(trouble)), thread_([this] {
        Loop();
      }) {}

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
    const absl::Status looked =
        LoadIdentity(files_.key, files_.certificate, files_.name, clock_.Now()).status();
    if (!looked.ok() && trouble_) trouble_(looked);
    lock.lock();
  }
}

}  // namespace penc::rpc
