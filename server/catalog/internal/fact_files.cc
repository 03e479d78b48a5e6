// SPDX-License-Identifier: Apache-2.0
#include "server/catalog/internal/fact_files.h"

#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <type_traits>

#include "absl/strings/str_cat.h"

namespace kith::catalog {
namespace {

static_assert(std::endian::native == std::endian::little, "the files are little-endian");

constexpr std::string_view kListMagic = "KITHFLS1";
constexpr std::string_view kFactsMagic = "KITHFAC1";
constexpr std::string_view kListName = "facts";
constexpr std::size_t kMaxMarkBytes = 256;
constexpr std::uint64_t kMaxFiles = 1U << 20;
constexpr std::uint64_t kMaxEntries = 1U << 24;  // of a file
constexpr std::array<std::size_t, 4> kDigestBytes = {16, 20, 32, 16};
constexpr std::uint8_t kAmbiguous = 0x80;

template <typename T>
void Put(std::string& out, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void Seal(std::string& out) {
  Put(out, static_cast<std::uint64_t>(XXH3_64bits(out.data(), out.size())));
}

// Reads values one after the other; what is beyond the end makes it fail once and for all.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  T Take() {
    T value{};
    const std::string_view bytes = Bytes(sizeof(T));
    if (!failed_) std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }
  std::string_view Bytes(std::uint64_t count) {
    failed_ = failed_ || count > bytes_.size();
    if (failed_) return {};
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  [[nodiscard]] std::size_t left() const { return bytes_.size(); }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool AtEnd() const { return !failed_ && bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

absl::Status Bad(std::string_view what) {
  return absl::DataLossError(absl::StrCat("is damaged: ", std::string(what)));
}

// What lies between the magic word and the checksum.
absl::StatusOr<Reader> Unseal(std::string_view bytes, std::string_view magic) {
  if (bytes.size() < magic.size() + sizeof(std::uint64_t)) return Bad("it is cut off");
  const std::string_view sealed = bytes.substr(0, bytes.size() - sizeof(std::uint64_t));
  std::uint64_t hash = 0;
  std::memcpy(&hash, bytes.data() + sealed.size(), sizeof(hash));
  if (hash != XXH3_64bits(sealed.data(), sealed.size())) return Bad("its checksum differs");
  if (sealed.substr(0, magic.size()) != magic) return Bad("it is of another kind or version");
  return Reader(sealed.substr(magic.size()));
}

std::string NameOf(const index::EntryRange& range) {
  return absl::StrCat(std::string(kListName), "-", range.first_entry, "-", range.last_entry);
}

absl::StatusOr<std::string> ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": cannot be opened"));
  std::string bytes(static_cast<std::size_t>(std::max<std::streamoff>(file.tellg(), 0)), '\0');
  file.seekg(0);
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file) return absl::UnavailableError(absl::StrCat(path, ": cannot be read"));
  return bytes;
}

// Under another name first: a file is whole or not there, unless the machine stops.
absl::Status WriteWhole(const std::string& path, std::string_view bytes) {
  const std::string new_path = absl::StrCat(path, ".new");
  const auto failed = [&] {
    const int error = errno;
    unlink(new_path.c_str());
    return absl::UnavailableError(absl::StrCat(
        path, ": cannot be written: ", std::error_code(error, std::generic_category()).message()));
  };
  const int fd =
      open(new_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return failed();
  while (!bytes.empty()) {
    const ssize_t count = write(fd, bytes.data(), std::min<std::size_t>(bytes.size(), 1U << 30));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      close(fd);
      return failed();
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  close(fd);
  return rename(new_path.c_str(), path.c_str()) == 0 ? absl::OkStatus() : failed();
}

absl::Status Named(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(path, ": ", status.message()));
}

}  // namespace

std::string FormatFactList(const FactList& list) {
  std::string out(kListMagic);
  Put(out, list.identity_seed);
  Put(out, static_cast<std::uint64_t>(list.mark.size()));
  out += list.mark;
  Put(out, static_cast<std::uint64_t>(list.files.size()));
  for (const index::EntryRange& range : list.files) {
    Put(out, range.first_entry);
    Put(out, range.last_entry);
  }
  Seal(out);
  return out;
}

absl::StatusOr<FactList> ParseFactList(std::string_view bytes) {
  auto reader = Unseal(bytes, kListMagic);
  if (!reader.ok()) return reader.status();
  FactList list;
  list.identity_seed = reader->Take<std::uint64_t>();
  const auto mark_bytes = reader->Take<std::uint64_t>();
  if (mark_bytes > kMaxMarkBytes) return Bad("the mark is too long");
  list.mark = std::string(reader->Bytes(mark_bytes));
  const auto count = reader->Take<std::uint64_t>();
  if (count > kMaxFiles) return Bad("it names too many files");
  std::uint64_t end = 1;
  for (std::uint64_t i = 0; i < count && !reader->failed(); ++i) {
    index::EntryRange range;
    range.first_entry = reader->Take<std::uint64_t>();
    range.last_entry = reader->Take<std::uint64_t>();
    if (range.first_entry < end || range.last_entry < range.first_entry ||
        range.last_entry - range.first_entry >= kMaxEntries) {
      return Bad("the files are out of order");
    }
    end = range.last_entry + 1;
    list.files.push_back(range);
  }
  if (!reader->AtEnd()) return Bad("it has another length than it should");
  return list;
}

std::string FormatFacts(std::uint64_t first, const IndexFeed& feed) {
  std::string out(kFactsMagic);
  Put(out, first);
  Put(out, static_cast<std::uint64_t>(feed.facts.size()));
  for (const EntryFacts& facts : feed.facts) {
    Put(out, facts.hash_set);
    Put(out, facts.series);
    Put(out,
        static_cast<std::uint8_t>(facts.victim_identified | (facts.ambiguous ? kAmbiguous : 0U)));
  }
  for (std::size_t kind = 0; kind < kDigestBytes.size(); ++kind) {
    Put(out, static_cast<std::uint64_t>(feed.digest_entries[kind].size()));
    out += feed.digests[kind];
    for (const std::uint64_t entry : feed.digest_entries[kind]) {
      Put(out, static_cast<std::uint32_t>(entry - first));
    }
  }
  Put(out, static_cast<std::uint64_t>(feed.dialects.size()));
  for (const auto& [set, bits] : feed.dialects) {
    Put(out, set);
    Put(out, bits);
  }
  Seal(out);
  return out;
}

absl::StatusOr<IndexFeed> ParseFacts(const index::EntryRange& range, std::string_view bytes) {
  auto reader = Unseal(bytes, kFactsMagic);
  if (!reader.ok()) return reader.status();
  const auto first = reader->Take<std::uint64_t>();
  const auto count = reader->Take<std::uint64_t>();
  if (first != range.first_entry || count != range.last_entry - range.first_entry + 1 ||
      count > reader->left()) {
    return Bad("it tells of other entries");
  }
  IndexFeed feed;
  feed.facts.reserve(count);
  for (std::uint64_t i = 0; i < count && !reader->failed(); ++i) {
    EntryFacts& facts = feed.facts.emplace_back();
    facts.hash_set = reader->Take<std::uint32_t>();
    facts.series = reader->Take<std::uint32_t>();
    const auto flags = reader->Take<std::uint8_t>();
    facts.victim_identified = flags & static_cast<std::uint8_t>(~kAmbiguous);
    facts.ambiguous = (flags & kAmbiguous) != 0;
    if (facts.hash_set >= EntryTable::kMaxHashSets || facts.victim_identified > 2) {
      return Bad("an entry is out of range");
    }
  }
  for (std::size_t kind = 0; kind < kDigestBytes.size(); ++kind) {
    const auto digests = reader->Take<std::uint64_t>();
    if (digests > count) return Bad("it has more digests than entries");
    feed.digests[kind] = std::string(reader->Bytes(digests * kDigestBytes[kind]));
    for (std::uint64_t i = 0; i < digests && !reader->failed(); ++i) {
      const auto offset = reader->Take<std::uint32_t>();
      if (offset >= count) return Bad("a digest is of no entry");
      feed.digest_entries[kind].push_back(first + offset);
    }
  }
  const auto dialects = reader->Take<std::uint64_t>();
  for (std::uint64_t i = 0; i < dialects && !reader->failed(); ++i) {
    const auto set = reader->Take<std::uint64_t>();
    feed.dialects[set] = reader->Take<std::uint32_t>();
    if (set >= EntryTable::kMaxHashSets) return Bad("a set is out of range");
  }
  if (!reader->AtEnd()) return Bad("it has another length than it should");
  return feed;
}

absl::StatusOr<FactList> FactFiles::ReadList() const {
  if (folder_.empty()) return absl::NotFoundError("nothing is kept");
  const std::string path = absl::StrCat(folder_, "/", std::string(kListName));
  const auto bytes = ReadWhole(path);
  if (!bytes.ok()) return bytes.status();
  auto list = ParseFactList(*bytes);
  return list.ok() ? list : Named(path, list.status());
}

absl::StatusOr<IndexFeed> FactFiles::Read(const index::EntryRange& range) const {
  const std::string path = absl::StrCat(folder_, "/", NameOf(range));
  const auto bytes = ReadWhole(path);
  if (!bytes.ok()) return bytes.status();
  auto feed = ParseFacts(range, *bytes);
  return feed.ok() ? std::move(feed) : Named(path, feed.status());
}

void FactFiles::Adopt(const index::EntryRange& range) { files_.push_back(range); }

absl::Status FactFiles::Write(std::uint64_t first, const IndexFeed& feed) {
  if (folder_.empty()) return absl::UnavailableError("nothing is kept");
  if (feed.facts.empty() || feed.facts.size() > kMaxEntries || files_.size() == kMaxFiles) {
    return absl::ResourceExhaustedError("too many entries to keep");
  }
  const index::EntryRange range{.first_entry = first, .last_entry = first + feed.facts.size() - 1};
  const std::string path = absl::StrCat(folder_, "/", NameOf(range));
  if (auto status = WriteWhole(path, FormatFacts(first, feed)); !status.ok()) return status;
  files_.push_back(range);
  changed_ = true;
  return absl::OkStatus();
}

absl::Status FactFiles::WriteList(std::string_view mark, std::uint64_t identity_seed) {
  if (folder_.empty() || !changed_) return absl::OkStatus();
  const FactList list{.mark = std::string(mark), .identity_seed = identity_seed, .files = files_};
  const std::string path = absl::StrCat(folder_, "/", std::string(kListName));
  if (auto status = WriteWhole(path, FormatFactList(list)); !status.ok()) return status;
  changed_ = false;
  RemoveUnnamed();
  return absl::OkStatus();
}

void FactFiles::RemoveUnnamed() const {
  std::vector<std::string> names;
  for (const index::EntryRange& range : files_) names.push_back(NameOf(range));
  std::sort(names.begin(), names.end());
  std::vector<std::filesystem::path> unnamed;
  const std::string prefix = absl::StrCat(std::string(kListName), "-");
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder_, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name.rfind(prefix, 0) == 0 && !std::binary_search(names.begin(), names.end(), name)) {
      unnamed.push_back(at->path());
    }
  }
  // What cannot be removed now is removed with the next list.
  for (const auto& file : unnamed) std::filesystem::remove(file, error);
}

}  // namespace kith::catalog
