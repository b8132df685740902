# cmake -DROOT=policy -DFILES=codebook/a.yaml,questions/b.yaml -DOUT=embedded.cc -P embed.cmake
# Writes the implementation of embedded.h. FILES is sorted.
string(REPLACE "," ";" files "${FILES}")
set(bytes "")
set(table "")
set(number 0)
foreach(name IN LISTS files)
  file(READ "${ROOT}/${name}" hex HEX)
  string(LENGTH "${hex}" digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
  string(APPEND bytes "constexpr unsigned char kFile${number}[] = {\n${hex}0};\n")
  string(APPEND table "    {\"${name}\", {reinterpret_cast<const char*>(kFile${number}), ${size}}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE "${OUT}" "#include \"embedded/embedded.h\"

namespace penc::embedded {
namespace {
${bytes}
struct Entry {
  absl::string_view name;
  absl::string_view content;
};
const Entry kFiles[] = {
${table}};
}  // namespace

absl::optional<absl::string_view> File(absl::string_view name) {
  for (const Entry& file : kFiles) {
    if (file.name == name) return file.content;
  }
  return absl::nullopt;
}

std::vector<absl::string_view> Names() {
  std::vector<absl::string_view> names;
  for (const Entry& file : kFiles) names.push_back(file.name);
  return names;
}

}  // namespace penc::embedded
")
