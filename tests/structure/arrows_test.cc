// What holds for the whole tree: folders include one another only along the arrows of README.md, every test
// file is registered, no floating point stands where records are read, the README's map has every folder.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>

namespace penc {
namespace {

namespace fs = std::filesystem;

// What each folder may include directly or through others. `policy` is the folder beside node/.
const std::map<std::string, std::set<std::string>>& Allowed() {
  static const auto* const allowed = new std::map<std::string, std::set<std::string>>{
      {"base", {}},
      {"embedded", {"base"}},
      {"crypto", {"base"}},
      {"codebook", {"base", "crypto", "embedded"}},
      {"privacy", {"base", "crypto"}},
      {"question", {"base", "crypto", "codebook", "privacy"}},
      {"policy", {"base", "crypto", "codebook", "privacy", "question", "embedded"}},
      {"journal", {"base", "crypto"}},
      {"store", {"base", "crypto", "codebook", "privacy", "question", "journal"}},
      {"ledger", {"base", "crypto", "codebook", "privacy", "journal"}},
      {"release",
       {"base", "crypto", "codebook", "privacy", "question", "policy", "journal", "store", "ledger"}},
      {"federation",
       {"base", "crypto", "codebook", "privacy", "question", "policy", "journal", "store", "ledger",
        "release"}},
      {"hub",
       {"base", "crypto", "codebook", "privacy", "question", "policy", "journal", "store", "ledger",
        "release", "federation"}},
      {"ingest", {"base", "crypto", "codebook", "privacy", "question", "store", "journal", "embedded"}},
      {"demo", {"base", "codebook"}},
      {"office",
       {"base", "crypto", "codebook", "privacy", "question", "policy", "journal", "store", "ledger",
        "release", "federation", "ingest", "embedded"}},
      {"rpc",
       {"base", "crypto", "codebook", "privacy", "question", "policy", "journal", "store", "ledger",
        "release", "federation", "hub", "ingest", "office"}},
      {"cli",
       {"base", "crypto", "codebook", "privacy", "question", "policy", "journal", "store", "ledger",
        "release", "federation", "hub", "ingest", "office", "rpc", "demo", "embedded"}},
  };
  return *allowed;
}

std::string FolderOf(const fs::path& file, const fs::path& root) {
  fs::path relative = fs::relative(file, root);
  auto part = relative.begin();
  if (*part == "policy") return "policy";
  return (++part)->string();
}

TEST(Structure, EveryIncludeFollowsTheArrows) {
  const fs::path root = PENC_SOURCE_DIR;
  const std::regex include("^#include \"([a-z_]+)/[^\"]+\"");
  int seen = 0;
  for (const char* top : {"node", "policy"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const std::string extension = entry.path().extension();
      if (extension != ".cc" && extension != ".h") continue;
      const std::string folder = FolderOf(entry.path(), root);
      if (folder == "main.cc") continue;  // the composition root may see everything
      ASSERT_TRUE(Allowed().contains(folder))
          << entry.path() << ": folder without arrows; add it to this table";
      std::ifstream in(entry.path());
      int number = 0;
      for (std::string line; std::getline(in, line);) {
        ++number;
        std::smatch match;
        if (!std::regex_search(line, match, include)) continue;
        const std::string target = match[1];
        if (!Allowed().contains(target)) continue;  // libraries and generated messages
        ++seen;
        EXPECT_TRUE(target == folder || Allowed().at(folder).contains(target))
            << entry.path().string() << ":" << number << ": " << folder << " may not include " << target;
      }
    }
  }
  EXPECT_GT(seen, 50);
}

TEST(Structure, EveryTestFileIsInAFolderThatTheBuildRegisters) {
  const fs::path tests = fs::path(PENC_SOURCE_DIR) / "tests";
  const std::set<std::string> registered = {"unit", "statistical", "simulation", "scenarios",
                                            "cli",  "robustness",  "structure"};
  int seen = 0;
  for (const auto& entry : fs::recursive_directory_iterator(tests)) {
    const std::string name = entry.path().filename();
    const fs::path relative = fs::relative(entry.path(), tests);
    const std::string folder = *relative.begin();
    if (name.ends_with("_test.sh")) {
      EXPECT_EQ(folder, "cli") << relative << " is registered nowhere";
    }
    if (!name.ends_with("_test.cc") || name == "penc_under_test.cc") continue;  // that one is a program
    ++seen;
    EXPECT_TRUE(registered.contains(folder)) << relative << " is registered nowhere";
    if (folder == "unit") {
      const std::string unit = *std::next(relative.begin());
      EXPECT_TRUE(fs::exists(fs::path(PENC_SOURCE_DIR) / "node" / unit) || unit == "policy")
          << relative << ": no library of that name";
    }
  }
  EXPECT_GT(seen, 10);
}

// privacy.md, "Numbers": no floating point between a record and the released integer. A workbook's own
// numbers are binary64 by its format; ingest/xlsx alone turns them into the text that people see, and back.
TEST(Structure, NoFloatingPointWhereRecordsAreReadCountedAndCharged) {
  const std::regex floating("\\b(double|float|strtod|SimpleAtod|SimpleAtof)\\b");
  int seen = 0;
  for (const char* folder : {"ingest", "codebook", "store", "ledger", "journal", "release"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(PENC_SOURCE_DIR) / "node" / folder)) {
      const std::string extension = entry.path().extension();
      if (extension != ".cc" && extension != ".h") continue;
      if (entry.path().parent_path().filename() == "xlsx") continue;
      ++seen;
      std::ifstream in(entry.path());
      int number = 0;
      for (std::string line; std::getline(in, line);) {
        ++number;
        const std::string code = line.substr(0, line.find("//"));
        EXPECT_FALSE(std::regex_search(code, floating)) << entry.path().string() << ":" << number;
      }
    }
  }
  EXPECT_GT(seen, 50);
}

TEST(Structure, TheReadmesMapHasEveryFolder) {
  const fs::path root = PENC_SOURCE_DIR;
  std::ifstream in(root / "README.md");
  const std::string readme((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  for (const auto& entry : fs::directory_iterator(root / "node")) {
    if (!entry.is_directory()) continue;
    const std::string folder = "`node/" + entry.path().filename().string() + "`";
    EXPECT_NE(readme.find(folder), std::string::npos) << folder;
  }
}

// Machine paths and other words that stay out of the tree.
TEST(Structure, NoMachinePathsInTheTree) {
  const std::regex forbidden("/work/|deb\\.debian|registry\\.npmjs|/root/");
  for (const char* top : {"node", "policy", "proto", "deploy"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(PENC_SOURCE_DIR) / top)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path());
      int number = 0;
      for (std::string line; std::getline(in, line);) {
        ++number;
        EXPECT_FALSE(std::regex_search(line, forbidden)) << entry.path().string() << ":" << number;
      }
    }
  }
}

}  // namespace
}  // namespace penc
