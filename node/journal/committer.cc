#include "journal/committer.h"

#include <rocksdb/write_batch.h>

#include "base/status.h"

namespace penc {
namespace {

// A group's batch stays well under what the log takes in one write.
constexpr size_t kGroupLimit = 1024;

}  // namespace

Committer::Committer(Database& db, Journal& journal, const Clock& clock)
    : db_(db), journal_(journal), clock_(clock), thread_([this] { Loop(); }) {}

Committer::~Committer() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Committer::OnReload(std::function<void()> reload) { reloads_.push_back(std::move(reload)); }

void Committer::CommitAsync(Stage stage, Done done) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    PENC_CHECK(!stopping_);
    queue_.push_back({std::move(stage), std::move(done), absl::OkStatus()});
  }
  changed_.notify_one();
}

absl::Status Committer::Commit(Stage stage) {
  PENC_CHECK(std::this_thread::get_id() != thread_.get_id());  // would wait for itself
  std::mutex mutex;
  std::condition_variable finished;
  bool done = false;
  absl::Status result;
  CommitAsync(std::move(stage), [&](absl::Status status) {
    std::lock_guard<std::mutex> lock(mutex);
    result = std::move(status);
    done = true;
    finished.notify_one();
  });
  std::unique_lock<std::mutex> lock(mutex);
  finished.wait(lock, [&] { return done; });
  return result;
}

void Committer::Loop() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    std::vector<Item> group;
    if (queue_.size() <= kGroupLimit) {
      group.swap(queue_);
    } else {
      group.assign(std::make_move_iterator(queue_.begin()),
                   std::make_move_iterator(queue_.begin() + kGroupLimit));
      queue_.erase(queue_.begin(), queue_.begin() + kGroupLimit);
    }
    lock.unlock();
    CommitGroup(group);
    for (Item& item : group) item.done(std::move(item.status));
    group.clear();
    lock.lock();
  }
}

void Committer::CommitGroup(std::vector<Item>& group) {
  rocksdb::WriteBatch batch;
  const absl::Time now = clock_.Now();
  ++group_;
  for (Item& item : group) {
    batch.SetSavePoint();
    merkle::Frontier mark = journal_.Mark();
    Staging staging(batch, journal_, now, group_);
    item.status = item.stage(staging);
    if (item.status.ok()) {
      batch.PopSavePoint().PermitUncheckedError();
    } else {
      PENC_CHECK(batch.RollbackToSavePoint().ok());
      journal_.Rollback(std::move(mark));
    }
  }
  if (batch.Count() == 0) return;
  const absl::Status written = db_.Write(batch, /*sync=*/true);
  if (written.ok()) {
    journal_.Durable();
    return;
  }
  // What is on the disk decides. A journal that cannot be read again would let later leaves overwrite earlier
  // ones.
  PENC_CHECK(journal_.Reload().ok());
  for (const std::function<void()>& reload : reloads_) reload();
  for (Item& item : group) {
    if (item.status.ok()) item.status = written;
  }
}

}  // namespace penc
