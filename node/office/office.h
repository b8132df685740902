// One open office: its folder, keys, records, ledger, journal and rules as one object. The server, the
// command line and simulators all use this and nothing below it.
//
//   RETURN_IF_ERROR(Office::Create("office", {.name = "ALCRER", .codebook_text = ..., .policy_text = ...},
//   env)); ASSIGN_OR_RETURN(std::unique_ptr<Office> office, Office::Open("office", env)); Office::Asked asked
//   = office->Ask(key, body, signature);
//
// At most one Office per folder is open at a time on a computer (the database's lock). Thread-safe. What a
// partner may know comes from the methods of the second group; those of the third are for Administer
// (office/admin.h) and the region.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "codebook/codebook.h"
#include "office/environment.h"
#include "office/identity.h"
#include "office/layout.h"
#include "office/work.h"
#include "office/writing.h"
#include "penc/storage/v1/office.pb.h"
#include "penc/v1/admin_keys.pb.h"
#include "penc/v1/admin_rules.pb.h"
#include "penc/v1/node_service.pb.h"
#include "policy/decide.h"
#include "policy/policy.h"

namespace penc {

class Approvals;
class Committer;
class Database;
class Grants;
class Journal;
class Ledger;
class OfficeKeys;
class OfficeNetwork;
class RecordStore;
class Secret;
struct InForce;
struct Responder;
struct Signers;

// Of DIR and everything in it (FORMAT.md). Format 1 is brought up when it is opened.
inline constexpr uint32_t kFolderFormat = 2;

struct InitOptions {
  std::string name;                             // display name of the organisation
  std::string codebook_text;                    // YAML
  std::string codebook_file = "codebook.yaml";  // how errors call it
  std::string policy_text;
  std::string policy_file = "policy.yaml";
  bool practice = false;  // generated records; marked in every answer, for ever
  std::string listen = "127.0.0.1:7411";
};

// The rules in force, taken together at one moment.
struct Rules {
  std::shared_ptr<const Codebook> codebook;
  std::shared_ptr<const Policy> policy;
  bool stopped = false;
  uint64_t stop_leaf = 0;  // where stopped: its journal leaf; 0: it could not be written
  // Set: restored, or found to be behind what stewards saw, at that time; silent until the region knows more.
  absl::optional<absl::Time> restored;

  Standing standing() const {
    return stopped ? Standing::kStopped : restored ? Standing::kRestored : Standing::kAnswering;
  }
};

class Office {
 public:
  // Makes the folder with everything in it, or nothing: it is built beside and renamed. ALREADY_EXISTS where
  // `dir` is a folder that is not empty; INVALID_ARGUMENT with file and line for codebook and policy.
  static absl::Status Create(const std::string& dir, const InitOptions& options,
                             const Environment& environment);
  // NOT_FOUND where this is no office; FAILED_PRECONDITION where another penc uses it; DATA_LOSS where it is
  // damaged, naming the file.
  static absl::StatusOr<std::unique_ptr<Office>> Open(const std::string& dir, const Environment& environment);
  ~Office();

  // ---- who it is
  const Layout& layout() const { return layout_; }
  const storage::v1::OfficeConfig& config() const { return config_; }
  // Where it listens this time, before it serves: cards made meanwhile say so.
  void ListenAt(const std::string& address) { config_.set_listen(address); }
  const Identity& identity() const { return *identity_; }
  const Environment& environment() const { return environment_; }

  // ---- for partners
  // OK where the key holds a grant (in force or expired: Decide tells the difference), else
  // PERMISSION_DENIED. Grants are read again when their files change.
  absl::Status Knows(absl::string_view fingerprint);

  struct Asked {
    absl::StatusOr<std::string> answer;  // a serialised v1::Answer; a refusal is one
    PlannedWork work;                    // zero where it was not planned
  };
  // Charges at most once per question and edition. Blocks for two synced writes.
  Asked Ask(const VerifyKey& asker, absl::string_view body, absl::string_view signature);
  // Touches no record and spends nothing.
  absl::StatusOr<v1::ExplainResponse> Explain(absl::string_view fingerprint,
                                              const v1::ExplainRequest& request);
  // The same for a grant at hand (null: none).
  absl::StatusOr<v1::ExplainResponse> ExplainFor(const Grant* grant, const v1::ExplainRequest& request);
  absl::StatusOr<v1::DescribeResponse> Describe(absl::string_view fingerprint);
  absl::StatusOr<v1::GetBudgetResponse> Budget(absl::string_view fingerprint);
  // Where the charge log stands, as a signed checkpoint (C2SP): it grows by what was charged and by nothing
  // else. The journal also has an entry for whoever is erased, so its size is told to no partner.
  absl::StatusOr<std::string> ChargeCheckpoint();

  // ---- for Administer, and for the region (office/region/region.h)
  Rules rules() const;
  // What a question meets, under rules and a grant (null: none) that outlive it.
  Responder ResponderFor(const Rules& rules, const Grant* grant);
  Grants& grants() { return *grants_; }
  RecordStore& store() { return *store_; }
  Ledger& ledger() { return *ledger_; }
  Approvals& approvals() { return *approvals_; }
  // What questions before a person are held against.
  InForce in_force() const;
  Journal& journal() { return *journal_; }
  // The journal's latest signed checkpoint.
  absl::StatusOr<std::string> Checkpoint();
  Committer& committer() { return *committer_; }
  OfficeNetwork& network() { return *network_; }
  Database& database() { return *database_; }
  OfficeKeys& keys() { return *keys_; }
  // What persons' keys are made with, and what wraps the keys of the records.
  const Secret& records_key() const;
  // The node key is in other places, or is another one (KEYS.md): with its journal leaf.
  absl::Status MoveKeys(const v1::KeyWrapCommand& command);
  // For whoever takes up rosters: shares the node key anew where stewards hold it and are others now. True
  // where it did.
  absl::StatusOr<bool> ShareKeysAnew();
  // Held by every command that changes records or rules, so that they follow each other.
  Writing& writing() { return writing_; }

  // Validates, compares with the one in force, keeps as a new version with its journal leaf in one write,
  // puts into force. What loosens needs signature files of two persons (officers.h), else FAILED_PRECONDITION
  // or UNAUTHENTICATED, and nothing changes.
  struct AppliedPolicy {
    uint64_t version = 0;
    v1::PolicyComparison comparison;
    std::vector<v1::Officer> signers;
    bool unchanged = false;  // it is the one in force: no version of its own
    bool alone = false;      // it loosens, and an exercise may do so without anybody else
  };
  absl::StatusOr<AppliedPolicy> ApplyPolicy(const std::string& file, const std::string& text,
                                            const std::vector<std::string>& signatures = {});
  absl::Status ApplyCodebook(const std::string& file, const std::string& text);
  // Anybody may stop. Answering again needs the signature file of a responsable, where one is enrolled.
  absl::Status SetStopped(bool stopped, const std::vector<std::string>& signatures = {});
  // Nothing is answered from here on (a time), or again (nothing).
  absl::Status SetRestored(absl::optional<absl::Time> since);

 private:
  Office(const std::string& dir, const Environment& environment);
  absl::Status OpenParts();
  absl::Status LoadRules();
  absl::Status OpenMissingBudgets();
  absl::Status Stop();
  absl::Status Lift(const std::vector<std::string>& signatures);
  // Under rules_mutex_: a stop or its lift is on the disk, as this leaf.
  void Follow(uint64_t leaf, bool stopped);
  absl::StatusOr<Signers> SignersOfLift(const std::vector<std::string>& signatures);

  const Layout layout_;
  const Environment environment_;
  storage::v1::OfficeConfig config_;
  std::unique_ptr<Identity> identity_;
  std::unique_ptr<OfficeKeys> keys_;
  // In order of construction; destroyed from the last to the first.
  std::unique_ptr<Database> database_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<RecordStore> store_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<Approvals> approvals_;
  std::unique_ptr<Grants> grants_;
  std::unique_ptr<OfficeNetwork> network_;

  mutable std::mutex rules_mutex_;
  Rules rules_;
  // Stops that were asked for, and those of them whose place among the journal's stops and lifts is known (or
  // that have none); the last of these leaves that rules_ follows.
  uint64_t stops_asked_ = 0, stops_placed_ = 0, standing_leaf_ = 0;
  Writing writing_;
};

}  // namespace penc
