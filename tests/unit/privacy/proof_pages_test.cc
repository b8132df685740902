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

// `path`: under node/, without its ending.
void ExpectProved(const std::string& path) {
  const std::filesystem::path node = std::filesystem::path(PENC_SOURCE_DIR) / "node";
  const std::string page = Read(node / (path + ".md"));
  const std::string code = Read(node / (path + ".cc"));
  ASSERT_FALSE(page.empty()) << path;
  ASSERT_FALSE(code.empty()) << path;
  const std::string wanted = "code-sha256: " + HexSha256(code) + "\n";
  EXPECT_NE(page.find(wanted), std::string::npos)
      << path << ".md: re-read the proof against the code, then write the line\n"
      << wanted;
  for (const char* part : {"**Precondition", "**Pseudocode", "**Statement", "**Proof", "**Sources"})
    EXPECT_NE(page.find(part), std::string::npos) << path << part;
}

TEST(ProofPages, NameTheCodeThatTheyProve) {
  for (const char* name : {"laplace_sampler", "skellam_sampler", "cost", "filter", "choose", "noise_share",
                           "pld", "key_selection"})
    ExpectProved(std::string("privacy/") + name);
}

TEST(ProofPages, OfQuestionsToo) {
  for (const char* name : {"allocate", "consistent", "distinct_estimate"})
    ExpectProved(std::string("question/") + name);
  for (const char* name : {"quantile", "share"}) ExpectProved(std::string("question/measures/") + name);
}

}  // namespace
}  // namespace penc
