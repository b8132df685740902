// Each mechanism's proof page names the hash of the code it proves: changing one without reading the other
// fails here.
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace penc {
namespace {

std::string Read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string HexSha256(const std::string& text) {
  uint8_t digest[32];
  EVP_Digest(text.data(), text.size(), digest, nullptr, EVP_sha256(), nullptr);
  std::string hex;
  char two[3];
  for (uint8_t byte : digest) {
    std::snprintf(two, sizeof(two), "%02x", byte);
    hex += two;
  }
  return hex;
}

TEST(ProofPages, NameTheCodeThatTheyProve) {
  const std::filesystem::path folder = std::filesystem::path(PENC_SOURCE_DIR) / "node";
  int pages = 0;
  for (const char* name :
       {"privacy/laplace_sampler", "privacy/skellam_sampler", "privacy/cost", "privacy/filter",
        "privacy/choose", "privacy/noise_share", "question/distinct_estimate"}) {
    const std::string page = Read(folder / (std::string(name) + ".md"));
    const std::string code = Read(folder / (std::string(name) + ".cc"));
    ASSERT_FALSE(page.empty()) << name;
    const std::string wanted = "code-sha256: " + HexSha256(code) + "\n";
    EXPECT_NE(page.find(wanted), std::string::npos)
        << name << ".md: re-read the proof against the code, then write the line\n"
        << wanted;
    for (const char* part : {"**Precondition", "**Pseudocode", "**Statement", "**Proof", "**Sources"})
      EXPECT_NE(page.find(part), std::string::npos) << name << part;
    ++pages;
  }
  EXPECT_EQ(pages, 7);
}

}  // namespace
}  // namespace penc
