// What a crash at each named step leaves: a copy of the database taken there. Header only.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/database.h"
#include "base/steps.h"

namespace penc {

// The copy of the n-th step, from 1, is the folder FOLDER_n.
class CrashCopies : public Steps {
 public:
  CrashCopies(std::unique_ptr<Database>& database, std::string folder)
      : database_(database), folder_(std::move(folder)) {}
  void Reached(absl::string_view step) override {
    steps_.emplace_back(step);
    ASSERT_TRUE(database_->CopyTo(absl::StrCat(folder_, "_", steps_.size())).ok());
  }
  const std::vector<std::string>& steps() const { return steps_; }

 private:
  std::unique_ptr<Database>& database_;
  const std::string folder_;
  std::vector<std::string> steps_;
};

}  // namespace penc
