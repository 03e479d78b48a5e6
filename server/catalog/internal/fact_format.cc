// SPDX-License-Identifier: Apache-2.0
#include "server/catalog/internal/fact_format.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "server/catalog/entry_table.h"

namespace kith::catalog {
namespace {

static_assert(std::endian::native == std::endian::little, "the files are little-endian");

constexpr std::string_view kListMagic = "KITHFLS2";
constexpr std::string_view kFactsMagic = "KITHFAC2";
constexpr std::size_t kMaxMarkBytes = 256;
constexpr std::uint64_t kMaxFiles = 1U << 18;

template <typename T>
void Put(std::string& out, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void Seal(std::string& out) { Put(out, HashOfFacts(out)); }

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
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool AtEnd() const { return !failed_ && bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

// What lies between the magic word and the checksum.
absl::StatusOr<Reader> Unseal(std::string_view bytes, std::string_view magic) {
  if (bytes.size() < magic.size() + sizeof(std::uint64_t)) return DamagedFacts("it is cut off");
  const std::string_view sealed = bytes.substr(0, bytes.size() - sizeof(std::uint64_t));
  std::uint64_t hash = 0;
  std::memcpy(&hash, bytes.data() + sealed.size(), sizeof(hash));
  if (hash != HashOfFacts(sealed)) return DamagedFacts("its checksum differs");
  if (sealed.substr(0, magic.size()) != magic) {
    return DamagedFacts("it is of another kind or version");
  }
  return Reader(sealed.substr(magic.size()));
}

}  // namespace

std::uint64_t HashOfFacts(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

absl::Status DamagedFacts(std::string_view what) {
  return absl::DataLossError(absl::StrCat("is damaged: ", std::string(what)));
}

std::string FormatFactList(const FactList& list) {
  std::string out(kListMagic);
  Put(out, static_cast<std::uint64_t>(list.mark.size()));
  out += list.mark;
  Put(out, static_cast<std::uint64_t>(list.files.size()));
  for (const FactFile& file : list.files) {
    for (const std::uint64_t number :
         {file.block, file.serial, file.end, file.stamp.inode, file.stamp.bytes,
          static_cast<std::uint64_t>(file.stamp.changed_ns)}) {
      Put(out, number);
    }
  }
  Seal(out);
  return out;
}

absl::StatusOr<FactList> ParseFactList(std::string_view bytes) {
  auto reader = Unseal(bytes, kListMagic);
  if (!reader.ok()) return reader.status();
  FactList list;
  const auto mark_bytes = reader->Take<std::uint64_t>();
  if (mark_bytes > kMaxMarkBytes) return DamagedFacts("the mark is too long");
  list.mark = std::string(reader->Bytes(mark_bytes));
  const auto count = reader->Take<std::uint64_t>();
  if (count > kMaxFiles) return DamagedFacts("it names too many files");
  for (std::uint64_t i = 0; i < count && !reader->failed(); ++i) {
    FactFile file;
    file.block = reader->Take<std::uint64_t>();
    file.serial = reader->Take<std::uint64_t>();
    file.end = reader->Take<std::uint64_t>();
    file.stamp.inode = reader->Take<std::uint64_t>();
    file.stamp.bytes = reader->Take<std::uint64_t>();
    file.stamp.changed_ns = reader->Take<std::int64_t>();
    const std::uint64_t first = i << EntryTable::kBlockBits;
    const bool is_last = i + 1 == count;
    if (file.block != i || file.end <= std::max<std::uint64_t>(first, 1) ||
        file.end > first + EntryTable::kBlockEntries ||
        (!is_last && file.end != first + EntryTable::kBlockEntries)) {
      return DamagedFacts("the files are out of order");
    }
    list.files.push_back(file);
  }
  if (!reader->AtEnd()) return DamagedFacts("it has another length than it should");
  return list;
}

std::string FormatFactHead(const FactHead& head) {
  std::string out(kFactsMagic);
  for (const std::uint64_t number :
       {head.block, head.end, head.words_hash, static_cast<std::uint64_t>(head.summary.sets.size()),
        static_cast<std::uint64_t>(head.summary.series.size())}) {
    Put(out, number);
  }
  out.resize(kFactPageBytes);
  for (const auto& [set, of_set] : head.summary.sets) {
    Put(out, set);
    Put(out, of_set.entries);
    Put(out, static_cast<std::uint64_t>(of_set.dialects));
  }
  for (const auto& [series, entries] : head.summary.series) {
    Put(out, series);
    Put(out, entries);
  }
  Seal(out);
  return out;
}

absl::StatusOr<FactHead> ParseFactHead(std::string_view bytes) {
  auto reader = Unseal(bytes, kFactsMagic);
  if (!reader.ok()) return reader.status();
  FactHead head;
  head.block = reader->Take<std::uint64_t>();
  head.end = reader->Take<std::uint64_t>();
  head.words_hash = reader->Take<std::uint64_t>();
  const auto sets = reader->Take<std::uint64_t>();
  const auto series = reader->Take<std::uint64_t>();
  const std::string_view rest =
      reader->Bytes(kFactPageBytes - kFactsMagic.size() - 5 * sizeof(std::uint64_t));
  if (rest.find_first_not_of('\0') != std::string_view::npos)
    return DamagedFacts("its page is not empty");
  std::uint64_t counted = 0;
  for (std::uint64_t i = 0; i < sets && !reader->failed(); ++i) {
    const auto set = reader->Take<std::uint64_t>();
    FactSummary::OfSet of_set;
    of_set.entries = reader->Take<std::uint64_t>();
    const auto dialects = reader->Take<std::uint64_t>();
    of_set.dialects = static_cast<std::uint32_t>(dialects);
    if (set >= EntryTable::kMaxHashSets || of_set.entries > EntryTable::kBlockEntries ||
        dialects > UINT32_MAX || !head.summary.sets.emplace(set, of_set).second) {
      return DamagedFacts("a set is out of range");
    }
    counted += of_set.entries;
  }
  for (std::uint64_t i = 0; i < series && !reader->failed(); ++i) {
    const auto id = reader->Take<std::uint64_t>();
    const auto entries = reader->Take<std::uint64_t>();
    if (id == 0 || id > UINT32_MAX || entries > EntryTable::kBlockEntries ||
        !head.summary.series.emplace(id, entries).second) {
      return DamagedFacts("a series is out of range");
    }
  }
  if (!reader->AtEnd()) return DamagedFacts("it has another length than it should");
  const std::uint64_t first = head.block << EntryTable::kBlockBits;
  if (head.block >= kMaxFiles || head.end <= std::max<std::uint64_t>(first, 1) ||
      head.end > first + EntryTable::kBlockEntries ||
      counted != head.end - std::max<std::uint64_t>(first, 1)) {
    return DamagedFacts("it counts other entries than it tells of");
  }
  return head;
}

}  // namespace kith::catalog
