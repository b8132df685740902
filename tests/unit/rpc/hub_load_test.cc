// Many offices at one hub, and readers on bad lines: nobody waits for anybody else, and memory stays small.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <malloc.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <future>
#include <thread>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "crypto/hash.h"
#include "federation/mail.h"
#include "rpc/timers.h"
#include "tests/support/hub_on_loopback.h"
#include "tests/support/sanitized.h"

namespace penc::rpc {
namespace {

// Of /proc/PID/status: "VmRSS" or "VmHWM".
uint64_t MemoryOf(pid_t pid, absl::string_view which) {
  std::ifstream status(absl::StrCat("/proc/", pid, "/status"));
  for (std::string line; std::getline(status, line);) {
    if (absl::StartsWith(line, absl::StrCat(which, ":"))) return std::stoull(line.substr(6)) << 10;
  }
  return 0;
}

// ---- a thousand offices

class ThousandOffices : public HubOnLoopback {
 protected:
  static constexpr uint32_t kOffices = 1000;
  ThousandOffices()
      : HubOnLoopback({.offices = kOffices,
                       .stewards = 13,
                       .colluding = 4,
                       .absent = 4,
                       .dishonest = 150,
                       .fewest = 990,
                       .length = 10}) {}
  // A test that failed leaves calls open.
  ~ThousandOffices() override {
    for (auto& office : offices_) {
      if (office->context != nullptr) office->context->TryCancel();
    }
    Everybody();
  }

  // An office's open line, without a thread of its own.
  struct Office {
    std::unique_ptr<v1::HubService::Stub> stub;
    std::unique_ptr<grpc::ClientContext> context;
    v1::WaitForWorkRequest request;
    v1::WaitForWorkResponse response;
    absl::Duration answered;
  };

  void Connect() {
    for (uint32_t i = 0; i < kOffices; ++i) {
      offices_.push_back(std::make_unique<Office>());
      offices_.back()->stub = v1::HubService::NewStub(
          Dial(identities_[i], Address().address,
               std::make_shared<Pin>(hub_identity_.fingerprint, clock_, Pin::Whose::kHub), {}));
    }
  }
  // Begins a call for every office, `at_once` of them at a time; Everybody waits for the rest.
  void WaitAll(uint32_t at_once = kOffices) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      left_ = 0;
    }
    for (auto& office : offices_) {
      {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [&] { return left_ < at_once; });
        ++left_;
      }
      Office* one = office.get();
      one->request = Waiting(one->response.mark(), absl::Seconds(60));
      one->context = std::make_unique<grpc::ClientContext>();
      one->context->set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(120)));
      one->stub->async()->WaitForWork(one->context.get(), &one->request, &one->response,
                                      [this, one](const grpc::Status& status) {
                                        std::lock_guard<std::mutex> lock(mutex_);
                                        if (!status.ok()) failed_ = status.error_message();
                                        one->answered = Monotonic();
                                        --left_;
                                        changed_.notify_all();
                                      });
    }
  }
  void Everybody() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return left_ == 0; });
  }
  std::string failed() {
    std::lock_guard<std::mutex> lock(mutex_);
    return failed_;
  }
  absl::Duration Latest() const {
    absl::Duration latest;
    for (const auto& office : offices_) latest = std::max(latest, office->answered);
    return latest;
  }

  std::vector<std::unique_ptr<Office>> offices_;
  std::mutex mutex_;
  std::condition_variable changed_;
  uint32_t left_ = 0;
  std::string failed_;  // what the last failed call said
};

TEST_F(ThousandOffices, WaitAtOnceAndAllHearOfTheirWork) {
  PrepareProcessForHub();
  struct rlimit files {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
  if (files.rlim_max < 4096) GTEST_SKIP() << "this machine allows " << files.rlim_max << " open files";
  ::malloc_trim(0);  // what tests before this one left
  const uint64_t before = MemoryOf(getpid(), "VmRSS");
  Connect();
  WaitAll(50);  // a handshake has ten seconds, on a busy machine too
  Everybody();
  ASSERT_EQ(failed(), "");
  WaitAll();
  while (server_->service().waiting() < kOffices) {
    ASSERT_EQ(failed(), "");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  const uint64_t waiting = MemoryOf(getpid(), "VmRSS");
  const absl::Duration start = Monotonic();
  Submit();
  Everybody();
  const absl::Duration told = Latest() - start;
  ASSERT_EQ(failed(), "");
  for (const auto& office : offices_) ASSERT_EQ(office->response.work_size(), 1);
  // All of them answer at once: each is one synced write.
  const absl::Duration answering = Monotonic();
  WaitAll();
  std::atomic<uint32_t> next{0}, refused{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&] {
      for (uint32_t i; (i = next++) < kOffices;) {
        grpc::ClientContext context;
        context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(60)));
        v1::PutAbstentionRequest request;
        *request.mutable_abstention() = network_.SignAbstention(*round_, i);
        v1::PutAbstentionResponse response;
        refused += !offices_[i]->stub->PutAbstention(&context, request, &response).ok();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(refused, 0u);
  Everybody();  // nobody contributes: stewards are asked for promises, and everybody hears that it ends
  ASSERT_EQ(failed(), "");
  const absl::Duration ended = Latest() - answering;
  const uint64_t after = MemoryOf(getpid(), "VmRSS");
  std::printf(
      "hub and 1000 clients in one process: %.0f MB waiting, %.0f MB at the end (%.0f MB before); all told "
      "after %s, all abstained and told after %s\n",
      waiting / 1e6, after / 1e6, before / 1e6, absl::FormatDuration(told).c_str(),
      absl::FormatDuration(ended).c_str());
  // A sanitizer's memory says nothing of the hub's.
  EXPECT_TRUE(kSanitized || after - before < uint64_t{1} << 30) << after << " after " << before;
  EXPECT_LT(told, absl::Seconds(20));
}

// ---- a hub of its own process, eighteen offices, long vectors

constexpr char kChild[] = "PENC_TEST_HUB_CHILD";  // the file that the child writes its port into
constexpr char kCells[] = "PENC_TEST_HUB_CELLS";
constexpr uint32_t kOffices = 18, kStewards = 13;

SmallNetwork::Numbers EighteenOffices(uint64_t cells) {
  return {.offices = kOffices,
          .stewards = kStewards,
          .colluding = 4,
          .absent = 4,
          .dishonest = 4,
          .fewest = 9,
          .length = cells};
}

class LongVectors : public HubOnLoopback {
 protected:
  void SetUp() override {
    PrepareProcessForHub();
    HubOnLoopback::SetUp();
  }
  LongVectors()
      : HubOnLoopback(EighteenOffices(
            std::getenv(kCells) != nullptr ? std::strtoull(std::getenv(kCells), nullptr, 10) : 10)) {}
};

// Not a test of its own: what LongVectors.AreNeverInTheHubsMemory starts, by way of this binary.
TEST_F(LongVectors, ChildHub) {
  const char* port_file = std::getenv(kChild);
  if (port_file == nullptr) GTEST_SKIP() << "started by AreNeverInTheHubsMemory";
  std::ofstream(port_file) << port_ << std::endl;
  for (char c; ::read(0, &c, 1) > 0;) {  // until the parent is done
  }
}

struct Long {
  uint64_t cells;
  uint64_t hub_bytes;  // the bar
};

class LongVectorsFromAfar : public HubOnLoopback, public ::testing::WithParamInterface<Long> {
 protected:
  LongVectorsFromAfar() : HubOnLoopback(EighteenOffices(GetParam().cells)) {}

  void SetUp() override {
    for (const auto& keys : network_.members)
      identities_.push_back(MakeIdentity(keys->key.Copy(), "member", clock_.Now()));
    // The child's network is the same one: both are drawn from the same seed.
    const std::string port_file = folder_ + ".port";
    std::filesystem::remove(port_file);
    int input[2];
    ASSERT_EQ(pipe2(input, O_CLOEXEC), 0);
    const std::string assignment = absl::StrCat(kChild, "=", port_file);
    const std::string cells = absl::StrCat(kCells, "=", length_);
    std::vector<char*> environment = {const_cast<char*>(assignment.c_str()),
                                      const_cast<char*>(cells.c_str())};
    for (char** one = environ; *one != nullptr; ++one) environment.push_back(*one);
    environment.push_back(nullptr);
    const char* arguments[] = {"unit_rpc", "--gtest_filter=LongVectors.ChildHub", nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input[0], 0);
    ASSERT_EQ(posix_spawn(&child_, "/proc/self/exe", &actions, nullptr, const_cast<char**>(arguments),
                          environment.data()),
              0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(input[0]);
    input_ = input[1];
    for (int i = 0; i < 600 && port_ == 0; ++i) {
      std::ifstream(port_file) >> port_;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    ASSERT_GT(port_, 0);
    std::filesystem::remove(port_file);
  }
  void TearDown() override {
    ::close(input_);
    int status = 0;
    ::waitpid(child_, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
  uint64_t Peak() const { return MemoryOf(child_, "VmHWM"); }

  pid_t child_ = 0;
  int input_ = -1;
};

TEST_P(LongVectorsFromAfar, AreNeverInTheHubsMemoryAndASlowReaderBlocksNobody) {
  std::vector<std::unique_ptr<HubClient>> members;
  for (uint32_t i = 0; i < kOffices; ++i) members.push_back(Member(i));
  Submit();
  const uint64_t empty = Peak();
  // Six at a time, as offices come.
  std::vector<OfficeContribution> made;
  for (uint32_t i = 0; i < kOffices; ++i) made.push_back(Build(i));
  std::atomic<uint32_t> next{0}, failed{0};
  const auto send = [&] {
    for (uint32_t i; (i = next++) < kOffices;) failed += !Send(*members[i], i, made[i]).ok();
  };
  {
    std::vector<std::thread> threads;
    for (int t = 0; t < 6; ++t) threads.emplace_back(send);
    for (std::thread& thread : threads) thread.join();
  }
  ASSERT_EQ(failed, 0u);
  const uint64_t collected = Peak();
  std::vector<storage::v1::StewardRow> rows(kStewards);
  for (const v1::RoundState state : {v1::ROUND_STATE_PROPOSED, v1::ROUND_STATE_CERTIFIED}) {
    for (uint32_t k = 0; k < kStewards; ++k) {
      const auto news = members[k]->WaitForWork(Waiting(0, absl::Seconds(5)));
      ASSERT_TRUE(news.ok()) << news.status();
      const v1::Work& work = news->work(0);
      if (work.round().state() != state) continue;  // enough have voted
      const EpochSecrets secrets = SecretsOf(k);
      const auto delivered = Boxes(*members[k]);
      ASSERT_TRUE(delivered.ok()) << delivered.status();
      if (state == v1::ROUND_STATE_PROPOSED) {
        WitnessRows witnesses;
        const auto vote = Steward(*round_, k, secrets).Vote(rows[k], work.proposal(), *delivered, witnesses);
        ASSERT_TRUE(vote.ok()) << vote.status();
        rows[k] = vote->remember;
        v1::PutVoteRequest request;
        *request.mutable_vote() = vote->message;
        ASSERT_TRUE(members[k]->PutVote(request).ok());
      } else {
        // What is sealed does not matter to the hub: as many bytes as a mask sum has.
        const absl::Status put = members[k]->PutOpening(round_->qid, k, 0, made[k].vector);
        ASSERT_TRUE(put.ok()) << put;
      }
    }
  }
  ASSERT_EQ(members[0]->Rounds(round_->qid)->at(0).state(), v1::ROUND_STATE_OPENED);
  const uint64_t opened = Peak();

  // Readers that read one piece and then sleep, on eight connections; meanwhile somebody fetches all of it.
  std::vector<std::future<absl::Status>> sleepers;
  std::atomic<bool> done{false};
  std::atomic<int> asleep{0};
  for (uint32_t i = 1; i <= 8; ++i) {
    sleepers.push_back(std::async(std::launch::async, [&, i] {
      return members[i]->FetchRound(round_->qid, [&](v1::FetchRoundResponse&&) {
        ++asleep;
        while (!done) std::this_thread::sleep_for(std::chrono::milliseconds(20));
        return false;
      });
    }));
  }
  while (asleep < 8) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const absl::Duration start = Monotonic();
  uint64_t bytes = 0;
  std::vector<std::string> vectors(kOffices);
  const absl::Status fetched = members[0]->FetchRound(round_->qid, [&](v1::FetchRoundResponse&& piece) {
    bytes += piece.ByteSizeLong();
    if (piece.has_chunk()) vectors[piece.chunk().office()] += piece.chunk().bytes();
    return true;
  });
  ASSERT_TRUE(fetched.ok()) << fetched;
  const absl::Duration took = Monotonic() - start;
  for (uint32_t i = 0; i < kOffices; ++i) EXPECT_TRUE(vectors[i] == made[i].vector) << i;
  EXPECT_TRUE(members[9]->RostersAfter(0).ok());
  const uint64_t all = Peak();
  done = true;
  for (auto& sleeper : sleepers) EXPECT_TRUE(sleeper.get().ok());
  std::printf(
      "hub, 18 offices, %lu cells: peak %.0f MB (empty %.0f, collected %.0f, opened %.0f MB); %.0f MB "
      "fetched beside 8 sleeping readers in %s\n",
      static_cast<unsigned long>(length_), all / 1e6, empty / 1e6, collected / 1e6, opened / 1e6, bytes / 1e6,
      absl::FormatDuration(took).c_str());
  EXPECT_TRUE(kSanitized || all < GetParam().hub_bytes) << all;
}

INSTANTIATE_TEST_SUITE_P(Hub, LongVectorsFromAfar,
                         ::testing::Values(Long{100'000, 64 << 20}, Long{1'000'000, 256 << 20}),
                         [](const auto& info) { return absl::StrCat(info.param.cells, "Cells"); });

}  // namespace
}  // namespace penc::rpc
