// The journal tells who got access when, whatever people do to the files.
#include "office/grants.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/database.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "journal/committer.h"
#include "journal/journal.h"
#include "tests/support/small_office.h"

namespace penc {
namespace {

namespace fs = std::filesystem;

class JournaledGrants : public SmallOffice {
 protected:
  void SetUp() override { Create(); }

  // "granted iom-dakar", ... : what the journal says of grants, as `penc journal show` reads it.
  std::vector<std::string> Said() {
    v1::AdminCommand command;
    command.mutable_journal_show();
    auto shown = Run(command);
    EXPECT_TRUE(shown.ok()) << shown.status();
    std::vector<std::string> said;
    for (const v1::JournalEntry& entry : shown->journal_show().entries()) {
      if (!absl::StartsWith(entry.kind(), "grant")) continue;
      for (const char* name : {"iom-dakar", "other"}) {
        if (absl::StrContains(entry.json(), absl::StrCat("\"", name, "\"")))
          said.push_back(absl::StrCat(entry.kind(), " ", name));
      }
    }
    return said;
  }
  storage::v1::Granted LastGranted() {
    storage::v1::Granted last;
    EXPECT_TRUE(office_->journal()
                    .ForEach(0,
                             [&](uint64_t, absl::string_view bytes) {
                               storage::v1::JournalLeaf leaf;
                               EXPECT_TRUE(leaf.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
                               if (leaf.has_granted()) last = leaf.granted();
                               return true;
                             })
                    .ok());
    return last;
  }
  std::string File(const std::string& name) const { return absl::StrCat(dir_, "/grants/", name, ".yaml"); }
  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(File(name), text).ok());
  }

  const std::string a_ = SigningKey::Generate(random_).verify_key().Fingerprint();
  const std::string b_ = SigningKey::Generate(random_).verify_key().Fingerprint();
};

TEST_F(JournaledGrants, AGrantIsJournaledWithItsNameItsKeyAndTheHashOfItsFile) {
  ASSERT_TRUE(Grant(a_, "iom-dakar").ok());
  const storage::v1::Granted granted = LastGranted();
  EXPECT_EQ(granted.name(), "iom-dakar");
  EXPECT_EQ(granted.key(), a_);
  EXPECT_EQ(granted.sha256(), Sha256(*ReadFile(File("iom-dakar"))));
  EXPECT_EQ(Said(), (std::vector<std::string>{"granted iom-dakar"}));
}

TEST_F(JournaledGrants, AGrantThatStaysIsJournaledOnceThroughRestarts) {
  ASSERT_TRUE(Grant(a_, "iom-dakar").ok());
  for (int i = 0; i < 3; ++i) {
    Open();
    EXPECT_TRUE(office_->Knows(a_).ok());
  }
  EXPECT_EQ(Said(), (std::vector<std::string>{"granted iom-dakar"}));
}

TEST_F(JournaledGrants, EveryEditByHandIsJournaled) {
  ASSERT_TRUE(Grant(a_, "iom-dakar").ok());
  const std::string text = *ReadFile(File("iom-dakar"));
  Write("iom-dakar", text + "# a remark\n");
  std::vector<std::string> expected{"granted iom-dakar", "grant_changed iom-dakar"};
  EXPECT_EQ(Said(), expected);
  Write("iom-dakar", "grant: iom-dakar\nkee: x\n");  // unreadable: denied
  expected.push_back("grant_removed iom-dakar");
  EXPECT_EQ(Said(), expected);
  EXPECT_FALSE(office_->Knows(a_).ok());
  Write("iom-dakar", text);
  expected.push_back("granted iom-dakar");
  EXPECT_EQ(Said(), expected);
  Write("iom-dakar-2", text);  // two files for one key: denied
  expected.push_back("grant_removed iom-dakar");
  EXPECT_EQ(Said(), expected);
  fs::remove(File("iom-dakar-2"));
  expected.push_back("granted iom-dakar");
  EXPECT_EQ(Said(), expected);
}

TEST_F(JournaledGrants, WhatChangedWhileNothingRanIsJournaledAtTheStart) {
  ASSERT_TRUE(Grant(a_, "iom-dakar").ok());
  ASSERT_TRUE(Grant(b_, "other").ok());
  office_.reset();
  fs::remove(File("iom-dakar"));
  Write("other", *ReadFile(File("other")) + "\n");
  Open();
  const uint64_t size = office_->journal().size();
  EXPECT_EQ(Said(), (std::vector<std::string>{"granted iom-dakar", "granted other", "grant_removed iom-dakar",
                                              "grant_changed other"}));
  EXPECT_EQ(office_->journal().size(), size) << "journaled by the start, not by looking";
}

TEST_F(JournaledGrants, AFileWhoseNameIsMovedToAnotherKeyIsAChange) {
  ASSERT_TRUE(Grant(a_, "iom-dakar").ok());
  std::string text = *ReadFile(File("iom-dakar"));
  text.replace(text.find(a_), a_.size(), b_);
  Write("iom-dakar", text);
  EXPECT_EQ(Said(), (std::vector<std::string>{"granted iom-dakar", "grant_changed iom-dakar"}));
  EXPECT_FALSE(office_->Knows(a_).ok());
  EXPECT_TRUE(office_->Knows(b_).ok());
}

TEST_F(JournaledGrants, NobodyGetsAccessThatTheJournalCannotTell) {
  ASSERT_TRUE(Grant(a_, "iom-dakar").ok());
  Codebook codebook = *office_->rules().codebook;
  // The same folder, read where what the journal said before is damaged: nothing is written then.
  ASSERT_TRUE(office_->committer()
                  .Commit([&](Staging& staging) {
                    office_->database().Put(staging.batch(), Space::kOffice, "grant/zzz.yaml", "\xff");
                    return absl::OkStatus();
                  })
                  .ok());
  Grants grants(absl::StrCat(dir_, "/grants"), office_->database(), office_->committer());
  EXPECT_EQ(grants.Find(a_, codebook), nullptr);
  std::vector<Grants::Bad> errors = grants.Errors(codebook);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].file, "iom-dakar.yaml");
  EXPECT_EQ(errors[0].why.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(Explain(errors[0].why).fr, Explain(errors[0].why).en);
  // Once it can be told, the grant is in force again.
  ASSERT_TRUE(office_->committer()
                  .Commit([&](Staging& staging) {
                    office_->database().Delete(staging.batch(), Space::kOffice, "grant/zzz.yaml");
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(grants.All(codebook).size(), 1u);
  EXPECT_NE(grants.Find(a_, codebook), nullptr);
}

}  // namespace
}  // namespace penc
