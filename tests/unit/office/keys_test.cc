// Where an office's keys lie: in its folder, on a stick, with systemd; what a stolen disk tells; changes of
// keys that are cut off anywhere.
#include "office/keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>

#include <fstream>
#include <iterator>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "crypto/keyfile.h"
#include "journal/journal.h"
#include "office/backup.h"
#include "office/key_places.h"
#include "office/membership.h"
#include "tests/support/small_office.h"

namespace penc {
namespace {

namespace fs = std::filesystem;

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Bytes(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// At each step that changes keys, the folder and the sticks as a power cut would leave them.
class Snapshots final : public Steps {
 public:
  Snapshots(std::string dir, std::string sticks) : dir_(std::move(dir)), sticks_(std::move(sticks)) {}
  void Reached(absl::string_view step) override {
    if (!taking || !absl::StartsWith(step, "keys.")) return;
    const std::string to = absl::StrCat(dir_, "-at", taken.size());
    fs::remove_all(to);
    fs::create_directories(to);
    fs::copy(dir_, to + "/dir", fs::copy_options::recursive);
    fs::copy(sticks_, to + "/sticks", fs::copy_options::recursive);
    taken.push_back(to);
  }
  bool taking = false;
  std::vector<std::string> taken;

 private:
  const std::string dir_, sticks_;
};

class Keys : public SmallOffice {
 protected:
  Keys() {
    fs::remove_all(sticks_);
    fs::create_directories(sticks_);
  }
  ~Keys() override {
    office_.reset();
    for (const std::string& path : steps_here_.taken) fs::remove_all(path);
    fs::remove_all(sticks_);
  }

  Environment With(const std::string& key_from = "") {
    Environment with{clock_, random_, steps_here_};
    with.keys.from = key_from;
    with.keys.credentials_folder = sticks_ + "/credentials";
    return with;
  }
  absl::StatusOr<std::unique_ptr<Office>> OpenWith(const std::string& key_from = "") {
    office_.reset();
    return Office::Open(dir_, With(key_from));
  }
  void Reopen(const std::string& key_from = "") {
    auto office = OpenWith(key_from);
    ASSERT_TRUE(office.ok()) << office.status();
    office_ = *std::move(office);
  }
  // As `penc key wrap --with file:NAME` does it.
  v1::KeyPlace File(const std::string& name) {
    v1::KeyPlace place;
    place.set_file(absl::StrCat(sticks_, "/", name));
    if (!FileExists(place.file())) PENC_CHECK(CreateNodeKey(place.file(), random_).ok());
    place.set_key(std::string(LoadNodeKeyElsewhere(place.file())->view()));
    return place;
  }
  static v1::KeyPlace Here() {
    v1::KeyPlace place;
    place.set_here(true);
    return place;
  }
  absl::Status Wrap(const std::vector<v1::KeyPlace>& places, bool rotated = false) {
    v1::AdminCommand command;
    for (const v1::KeyPlace& place : places) *command.mutable_key_wrap()->add_places() = place;
    command.mutable_key_wrap()->set_rotated(rotated);
    return Run(command).status();
  }
  std::vector<std::string> InKeys() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(dir_ + "/keys"))
      names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
  // Files of the folder that hold one of the needles, raw.
  std::vector<std::string> FilesWith(const std::vector<std::string>& needles) const {
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(dir_)) {
      if (!entry.is_regular_file()) continue;
      const std::string bytes = Bytes(entry.path());
      for (const std::string& needle : needles) {
        if (absl::StrContains(bytes, needle))
          found.push_back(absl::StrCat(entry.path().string(), ": ", absl::CHexEscape(needle)));
      }
    }
    return found;
  }
  // A key as it might lie somewhere: raw, and in hexadecimal.
  static void Needles(absl::string_view key, std::vector<std::string>& needles) {
    needles.emplace_back(key);
    needles.push_back(absl::BytesToHexString(key));
  }

  const std::string sticks_ = dir_ + "-sticks";
  Snapshots steps_here_{dir_, sticks_};
};

TEST_F(Keys, OnAStickTheFolderAloneOpensNothingAndSaysWhatToDo) {
  Create();
  ASSERT_TRUE(Import(Rows(9)).ok());
  ASSERT_TRUE(Close().ok());
  const std::string fingerprint = office_->identity().fingerprint;
  ASSERT_TRUE(Wrap({File("a.key")}).ok());
  EXPECT_THAT(InKeys(), ::testing::ElementsAre("ring", "tls.crt"));
  Reopen();
  EXPECT_EQ(Status().persons(), 9u);
  EXPECT_EQ(office_->identity().fingerprint, fingerprint);
  // Nobody is a new person because the key is elsewhere: the same file again is all known.
  auto again = Import(Rows(9) + "P3,black,75\n", "again.csv", /*again=*/true);
  ASSERT_TRUE(again.ok()) << again.status();
  ASSERT_TRUE(Close("2026-Q4").ok());
  EXPECT_EQ(Status().persons(), 9u);

  fs::rename(sticks_ + "/a.key", sticks_ + "/b.key");
  const absl::Status missing = OpenWith().status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Explain(missing).fr, HasSubstr("branchez la clé USB"));
  EXPECT_THAT(Explain(missing).en, HasSubstr("Nothing is lost"));
  Reopen("file:" + sticks_ + "/b.key");
  Reopen(sticks_ + "/b.key");
  EXPECT_EQ(OpenWith("file:" + sticks_ + "/c.key").status().code(), absl::StatusCode::kUnavailable);
  File("c.key");
  EXPECT_EQ(OpenWith("file:" + sticks_ + "/c.key").status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(OpenWith("nonsense").status().code(), absl::StatusCode::kInvalidArgument);
  std::ofstream(sticks_ + "/c.key") << "no key";
  EXPECT_EQ(OpenWith("file:" + sticks_ + "/c.key").status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(Keys, SystemdLendsItOrTheMessageSaysHow) {
  Create();
  fs::create_directories(sticks_ + "/credentials");
  v1::KeyPlace place = File("credentials/alcrer");
  place.set_credential("alcrer");  // the last one set counts
  ASSERT_TRUE(Wrap({place}).ok());
  Reopen();
  Environment without = With();
  without.keys.credentials_folder.clear();
  office_.reset();
  const absl::Status missing = Office::Open(dir_, without).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Explain(missing).en, HasSubstr("LoadCredential=alcrer"));
  Reopen("credential:alcrer");
  Reopen(sticks_ + "/credentials/alcrer");
}

TEST_F(Keys, AfterRotatingTheLostStickOpensNothingAndASpareOpensAlone) {
  Create();
  ASSERT_TRUE(Wrap({File("a.key"), File("spare.key")}).ok());
  fs::copy_file(sticks_ + "/a.key", sticks_ + "/lost.key");
  fs::rename(sticks_ + "/a.key", sticks_ + "/away.key");
  Reopen();  // by the spare
  fs::rename(sticks_ + "/away.key", sticks_ + "/a.key");
  // As `penc key rotate` does it: new keys beside the old ones.
  std::vector<v1::KeyPlace> next;
  for (const char* name : {"a.key", "spare.key"}) {
    v1::KeyPlace place = File(absl::StrCat(name, ".new"));
    place.set_file(absl::StrCat(sticks_, "/", name));
    next.push_back(place);
  }
  ASSERT_TRUE(Wrap(next, /*rotated=*/true).ok());
  EXPECT_FALSE(FileExists(sticks_ + "/a.key.new"));
  Reopen();
  EXPECT_EQ(OpenWith(sticks_ + "/lost.key").status().code(), absl::StatusCode::kPermissionDenied);
  Reopen(sticks_ + "/spare.key");
}

// The first writing of `penc key rotate` lost the new key: opening the office to change its ring took the
// file beside for a leftover.
TEST_F(Keys, OpeningLeavesAKeyAloneThatIsNotYetInUse) {
  Create();
  ASSERT_TRUE(Wrap({File("a.key")}).ok());
  File("a.key.new");
  Reopen();
  EXPECT_TRUE(FileExists(sticks_ + "/a.key.new"));
}

TEST_F(Keys, EveryChangeMayBeCutOffAnywhere) {
  Create();
  ASSERT_TRUE(Import(Rows(5)).ok());
  Reopen();
  const std::string fingerprint = office_->identity().fingerprint;
  steps_here_.taking = true;
  ASSERT_TRUE(Wrap({Here()}, true).ok());
  ASSERT_TRUE(Wrap({File("a.key")}).ok());
  v1::KeyPlace next = File("a.key.new");
  next.set_file(sticks_ + "/a.key");
  ASSERT_TRUE(Wrap({next}, true).ok());
  ASSERT_TRUE(Wrap({Here(), File("b.key")}).ok());
  ASSERT_TRUE(Wrap({Here()}).ok());
  steps_here_.taking = false;
  ASSERT_EQ(steps_here_.taken.size(), 15u) << "before the ring, after it, after the files";
  for (const std::string& cut : steps_here_.taken) {
    office_.reset();
    for (const std::string& path : {dir_, sticks_}) fs::remove_all(path);
    fs::rename(cut + "/dir", dir_);
    fs::rename(cut + "/sticks", sticks_);
    fs::permissions(dir_, fs::perms::owner_all);
    {
      auto office = OpenWith();
      ASSERT_TRUE(office.ok()) << cut << ": " << office.status();
      office_ = *std::move(office);
      EXPECT_EQ(office_->identity().fingerprint, fingerprint);
      EXPECT_EQ(Status().staged_rows(), 15u);
      for (const std::string& name : InKeys())
        EXPECT_TRUE(name == "ring" || name == "tls.crt" ||
                    (name == "node.key" && office_->keys().lies_here()))
            << cut << ": " << name;
      // Each change has its leaf, also where it was cut off before.
      uint64_t said = 0;
      ASSERT_TRUE(office_->journal()
                      .ForEach(0,
                               [&](uint64_t, absl::string_view bytes) {
                                 storage::v1::JournalLeaf leaf;
                                 if (leaf.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) &&
                                     leaf.has_key_moved())
                                   said = leaf.key_moved().version();
                                 return true;
                               })
                      .ok());
      const uint64_t version = office_->keys().ring().version();
      EXPECT_EQ(said, version == 1 ? 0u : version) << cut;
    }
  }
}

// Everything in the folder, byte by byte, of a stopped node whose key is elsewhere.
TEST_F(Keys, AStolenDiskHoldsNoKeyNoReferenceAndNoRow) {
  Create();
  std::string csv = "person_ref,race,year\n";
  for (int i = 0; i < 3000; ++i)
    absl::StrAppend(&csv, "ZQXJREF", 100000 + i, ",", i % 2 ? "black" : "white", ",", 70 + i % 9, "\n");
  ASSERT_TRUE(Import(csv, "first.csv").ok());
  ASSERT_TRUE(Close().ok());
  ASSERT_TRUE(Import("person_ref,race,year\nZQXJREFSTAGED,other,80\n", "second.csv").ok());
  const VerifyKey own = office_->identity().key.verify_key();
  const v1::EpochKeys epoch = office_->network().CreateEpoch(own, clock_.now, random_).value();
  ASSERT_TRUE(office_->keys().files().Write(dir_ + "/contributions/x-1", "ZQXJCONTRIBUTION").ok());

  std::vector<std::string> needles = {"ZQXJ", "zqxj", "BEGIN PRIVATE KEY"};
  const Secret before = LoadNodeKey(dir_ + "/keys/node.key").value();
  Needles(before.view(), needles);
  Needles(office_->keys().records().view(), needles);
  Needles(office_->keys().identity().seed().view(), needles);
  Needles(office_->keys().mail().bytes().view(), needles);
  const EpochSecrets secrets = office_->network().LoadEpoch(epoch).value();
  Needles(secrets.mask.bytes().view(), needles);
  Needles(secrets.vote.seed().view(), needles);
  for (const char* purpose : {"persons of records", "rows of records", "manifest", "persons", "caps"})
    Needles(DeriveKey(office_->keys().records(), purpose).view(), needles);
  EXPECT_THAT(FilesWith(needles), ::testing::SizeIs(1)) << "the node key itself, until it is elsewhere";

  ASSERT_TRUE(Wrap({File("a.key")}).ok());
  Needles(File("a.key").key(), needles);
  ASSERT_TRUE(Close("2026-Q4").ok());
  ASSERT_TRUE(Import("person_ref,race,year\nZQXJREFLATE,other,81\n", "third.csv").ok());
  office_.reset();
  EXPECT_THAT(FilesWith(needles), IsEmpty());
  EXPECT_THAT(FilesWith({"ALCRER"}), Contains(HasSubstr("office.yaml"))) << "the search itself works";
  // A backup neither.
  Reopen();
  const std::string file = dir_ + ".penc";
  fs::remove(file);
  ASSERT_TRUE(Backup(*office_, file).ok());
  const std::string backup = Bytes(file);
  for (const std::string& needle : needles) EXPECT_FALSE(absl::StrContains(backup, needle));
  const std::string restored = dir_ + "-restored";
  fs::remove_all(restored);
  Environment locked = With();
  locked.keys.from = sticks_ + "/nowhere.key";
  EXPECT_EQ(Restore(file, restored, false, locked).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(fs::exists(restored));
  EXPECT_TRUE(Restore(file, restored, false, With()).ok());
  fs::remove_all(restored);
  fs::remove(file);
}

TEST_F(Keys, AKeyInTheFolderOrTwiceInOnePlaceIsRefusedAndNothingChanges) {
  Create();
  v1::KeyPlace inside;
  inside.set_file(dir_ + "/keys/other.key");
  inside.set_key(std::string(32, 'k'));
  EXPECT_EQ(Wrap({inside}).code(), absl::StatusCode::kInvalidArgument);
  inside.set_file("relative.key");
  EXPECT_EQ(Wrap({inside}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Wrap({Here(), Here()}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Wrap({}).code(), absl::StatusCode::kInvalidArgument);
  v1::KeyPlace stewards;
  stewards.set_stewards(true);
  EXPECT_EQ(Wrap({stewards}).code(), absl::StatusCode::kFailedPrecondition) << "in no network";
  EXPECT_EQ(office_->keys().ring().version(), 1u);
  Reopen();
}

TEST_F(Keys, AnAlteredRingOpensNothing) {
  Create();
  office_.reset();
  const std::string path = dir_ + "/keys/ring", whole = *ReadFile(path);
  for (size_t at = 0; at < whole.size(); at += 7) {
    std::string altered = whole;
    altered[at] = static_cast<char>(altered[at] ^ 4);
    ASSERT_TRUE(WriteFileAtomically(path, altered, 0600).ok());
    EXPECT_EQ(OpenWith().status().code(), absl::StatusCode::kDataLoss) << at;
  }
  fs::remove(path);
  EXPECT_THAT(Explain(OpenWith().status()).en, HasSubstr("put the file back"));
  ASSERT_TRUE(WriteFileAtomically(path, whole, 0600).ok());
  Reopen();
}

// A folder of the format before: a node key that made persons' keys itself, keys in files of their own.
TEST_F(Keys, AFolderOfFormat1IsBroughtUpWithTheSamePersonsAndIdentity) {
  Create();
  ASSERT_TRUE(Import(Rows(7)).ok());
  ASSERT_TRUE(Close().ok());
  const VerifyKey own = office_->identity().key.verify_key();
  const v1::EpochKeys epoch = office_->network().CreateEpoch(own, clock_.now, random_).value();
  const std::string mail = office_->keys().mail().public_key();
  const std::string opened(office_->keys().files().Read(dir_ + "/epoch/1.keys", 4096)->view());
  const Secret records = office_->keys().records().Copy();
  const std::string identity = office_->keys().identity().ToPem(),
                    mail_secret = absl::BytesToHexString(office_->keys().mail().bytes().view());
  office_.reset();
  const auto as_before = [&] {
    for (const char* name : {"/keys/ring", "/keys/node.key"}) fs::remove(dir_ + name);
    ASSERT_TRUE(SaveNodeKey(dir_ + "/keys/node.key", records).ok());
    ASSERT_TRUE(WriteFileAtomically(dir_ + "/keys/tls.key", identity, 0600).ok());
    ASSERT_TRUE(WriteFileAtomically(dir_ + "/keys/mail.key",
                                    absl::StrCat("penc mail key v1\n", mail_secret, "\n"), 0600)
                    .ok());
    ASSERT_TRUE(WriteFileAtomically(dir_ + "/epoch/1.keys", opened, 0600).ok());
    std::string config = *ReadFile(dir_ + "/office.yaml");
    config.replace(config.find("format: 2"), 9, "format: 1");
    ASSERT_TRUE(WriteFileAtomically(dir_ + "/office.yaml", config).ok());
  };
  as_before();
  steps_here_.taking = true;  // cut off between the ring and the destroying of what it has now
  Reopen();
  steps_here_.taking = false;
  ASSERT_EQ(steps_here_.taken.size(), 1u);
  for (const bool cut_off : {false, true}) {
    if (cut_off) {
      office_.reset();
      fs::remove_all(dir_);
      fs::rename(steps_here_.taken[0] + "/dir", dir_);
      fs::permissions(dir_, fs::perms::owner_all);
      Reopen();
    }
    EXPECT_EQ(office_->identity().key.verify_key(), own);
    EXPECT_EQ(office_->keys().mail().public_key(), mail);
    EXPECT_EQ(office_->network().LoadEpoch(epoch)->mask.public_key(), epoch.mask_key());
    EXPECT_THAT(InKeys(), ::testing::ElementsAre("node.key", "ring", "tls.crt"));
    EXPECT_TRUE(absl::StrContains(*ReadFile(dir_ + "/office.yaml"), "format: 2"));
    EXPECT_FALSE(absl::StrContains(Bytes(dir_ + "/epoch/1.keys"), opened.substr(8, 16)));
    EXPECT_EQ(Status().persons(), 7u);
    ASSERT_TRUE(Import(Rows(7) + "P3,black,75\n", "again.csv", /*again=*/true).ok());
    ASSERT_TRUE(Close(cut_off ? "2027-Q1" : "2026-Q4").ok());
    EXPECT_EQ(Status().persons(), 7u) << "the same references are the same persons";
  }
}

TEST(DestroyedFiles, AreWrittenOverAndNeverWhereAnotherNameNeedsThem) {
  const std::string folder = absl::StrCat(::testing::TempDir(), "/destroyed_", getpid());
  fs::create_directories(folder);
  const std::string path = folder + "/key", other = folder + "/other";
  EXPECT_TRUE(DestroyFile(path).ok()) << "none there";
  ASSERT_TRUE(WriteFileAtomically(path, "secret", 0600).ok());
  const int held = ::open(path.c_str(), O_RDONLY);
  ASSERT_TRUE(DestroyFile(path).ok());
  char bytes[6] = {};
  EXPECT_EQ(::pread(held, bytes, 6, 0), 6);
  EXPECT_EQ(std::string(bytes, 6), std::string(6, '\0'));
  ::close(held);
  EXPECT_FALSE(FileExists(path));
  ASSERT_TRUE(WriteFileAtomically(path, "kept", 0600).ok());
  fs::create_hard_link(path, other);  // as a crash leaves it
  ASSERT_TRUE(DestroyFile(other).ok());
  EXPECT_EQ(*ReadFile(path), "kept");
  ASSERT_TRUE(ReplaceFileAndDestroyOld(path, "new", 0600).ok());
  EXPECT_EQ(*ReadFile(path), "new");
  EXPECT_FALSE(FileExists(path + ".old"));
  fs::remove_all(folder);
}

}  // namespace
}  // namespace penc
