// SPDX-License-Identifier: Apache-2.0
#include "server/catalog/internal/carried.h"

#include <xxhash.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/catalog/names.h"

namespace kith::catalog {
namespace {

constexpr std::size_t kBlockBytes = 256 << 10;  // before packing
// Bounds what a damaged block may ask for: the last record of one may be a large one.
constexpr std::size_t kMaxUnpackedBytes = 4 << 20;
constexpr int kLevel = 3;

absl::Status Damaged(std::string_view what, std::string_view why) {
  return absl::DataLossError(absl::StrCat("what was imported with ", std::string(what),
                                          " is damaged (", std::string(why),
                                          "); restore a backup"));
}

absl::Status NoMemory() {
  return absl::ResourceExhaustedError("no memory to pack what is carried");
}

struct Packer {
  std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context{ZSTD_createCCtx(), ZSTD_freeCCtx};
  std::string packed;

  absl::Status Pack(std::string_view bytes) {
    if (!context) return NoMemory();
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
    packed.resize(ZSTD_compressBound(bytes.size()));
    const std::size_t size =
        ZSTD_compress2(context.get(), packed.data(), packed.size(), bytes.data(), bytes.size());
    if (ZSTD_isError(size) != 0U) return NoMemory();
    packed.resize(size);
    return absl::OkStatus();
  }
};

absl::StatusOr<std::string> Unpack(std::string_view packed, std::string_view what) {
  const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN) {
    return Damaged(what, "no frame");
  }
  if (size > kMaxUnpackedBytes) return Damaged(what, "too long");
  std::string bytes(size, '\0');
  const std::size_t got = ZSTD_decompress(bytes.data(), bytes.size(), packed.data(), packed.size());
  if (ZSTD_isError(got) != 0U) return Damaged(what, ZSTD_getErrorName(got));
  if (got != bytes.size()) return Damaged(what, "another length");
  return bytes;
}

// The sum over the blocks of an import.
class BlockSum {
 public:
  BlockSum() { Reset(); }
  void Reset() {
    XXH3_128bits_reset(state_.get());
    blocks_ = 0;
  }
  void Add(std::string_view block) {
    XXH3_128bits_update(state_.get(), block.data(), block.size());
    ++blocks_;
  }
  [[nodiscard]] std::uint64_t blocks() const { return blocks_; }
  [[nodiscard]] std::array<char, 16> Finish() const {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_.get()));
    std::array<char, 16> bytes{};
    std::copy(std::begin(canonical.digest), std::end(canonical.digest), bytes.begin());
    return bytes;
  }

 private:
  std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state_{XXH3_createState(),
                                                                         XXH3_freeState};
  std::uint64_t blocks_ = 0;
};

}  // namespace

absl::Status CheckCarried(const v1::Carried& carried, std::size_t max_bytes) {
  if (carried.format().size() > kMaxCarriedFormatBytes) {
    return absl::InvalidArgumentError(absl::StrCat("carried format of ", carried.format().size(),
                                                   " bytes: at most ", kMaxCarriedFormatBytes));
  }
  if (carried.data().size() > max_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("carried data of ", carried.data().size(), " bytes: at most ", max_bytes));
  }
  return FirstError({CheckOptionalName("carried format", carried.format()),
                     CheckText("carried series", carried.series())});
}

absl::Status CheckKept(const v1::Entry& record) {
  // Fields of a later version, and texts that are not kept, count as well.
  if (record.ByteSizeLong() > kMaxRecordBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a record of ", record.ByteSizeLong(), " bytes: at most ", kMaxRecordBytes));
  }
  return FirstError(
      {CheckText("series", record.series()), CheckCarried(record.carried(), kMaxCarriedBytes)});
}

struct CarriedWriter::State {
  Statement insert;
  Transaction& transaction;
  v1::ListEntriesResponse block;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::size_t bytes = 0;
  Packer packer;
  BlockSum sum;
  std::uint64_t first_block = 0;  // its id; 0: none was written

  explicit State(Transaction& write)
      : insert(write.Prepare("INSERT INTO carried_block (first_entry, last_entry, data)"
                             " VALUES (?1, ?2, ?3)")),
        transaction(write) {}
};

CarriedWriter::CarriedWriter(Transaction& transaction)
    : state_(std::make_unique<State>(transaction)) {}
CarriedWriter::~CarriedWriter() = default;

absl::Status CarriedWriter::Add(v1::Entry record, std::uint64_t behind) {
  State& state = *state_;
  if (state.block.entries().empty()) {
    state.first = behind;
  } else if (record.repeats() && state.last != behind) {
    // The entry before it said nothing: its number alone tells the place.
    state.block.add_entries()->set_entry_id(behind);
  }
  state.last = behind;
  state.bytes += record.ByteSizeLong();
  *state.block.add_entries() = std::move(record);
  return state.bytes < kBlockBytes ? absl::OkStatus() : WriteBlock();
}

absl::Status CarriedWriter::WriteBlock() {
  State& state = *state_;
  if (state.block.entries().empty()) return absl::OkStatus();
  const std::string bytes = state.block.SerializeAsString();
  // Nobody could read it again, nor what stands behind it.
  if (bytes.size() > kMaxUnpackedBytes) {
    return absl::InternalError(
        absl::StrCat("a block of ", bytes.size(), " bytes to carry: at most ", kMaxUnpackedBytes));
  }
  if (auto status = state.packer.Pack(bytes); !status.ok()) return status;
  state.block.clear_entries();
  state.bytes = 0;
  state.sum.Add(state.packer.packed);
  if (auto status = state.insert.Bind(state.first, state.last, BlobView{state.packer.packed}).Run();
      !status.ok()) {
    return status;
  }
  if (state.first_block == 0) state.first_block = state.transaction.LastInsertId();
  return absl::OkStatus();
}

absl::Status CarriedWriter::Finish(std::uint64_t change, std::uint64_t hash_set,
                                   const v1::Carried& file) {
  if (auto status = WriteBlock(); !status.ok()) return status;
  State& state = *state_;
  if (state.first_block == 0) {
    Statement next =
        state.transaction.Prepare("SELECT coalesce(max(id), 0) + 1 FROM carried_block");
    if (const auto row = next.Step(); !row.ok()) return row.status();
    state.first_block = next.Id(0);
  }
  if (auto status = state.packer.Pack(file.data()); !status.ok()) return status;
  const auto digest = state.sum.Finish();
  return state.transaction.Execute(
      "INSERT INTO import_file (change, hash_set, first_block, format, data, blocks, digest)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
      change, hash_set, state.first_block, file.format(), BlobView{state.packer.packed},
      state.sum.blocks(), BlobView{{digest.data(), digest.size()}});
}

struct CarriedReader::State {
  Statement blocks;
  Statement data;
  Statement imports;
  std::uint64_t after;
  Place from;
  std::uint64_t hash_set;  // 0: of all
  Place place;
  v1::ListEntriesResponse block;
  int next = 0;
  std::uint64_t behind = 0;
  std::uint64_t last = 0;      // entry of the block
  std::uint64_t block_id = 0;  // of the row
  std::uint64_t told_id = 0;   // the block of which `import` tells
  Import import;

  State(Transaction& read, std::uint64_t behind_entry, Place start, std::uint64_t of_set)
      : blocks(read.Prepare("SELECT first_entry, last_entry, id FROM carried_block"
                            " WHERE last_entry >= ?1 AND id >= ?2 ORDER BY last_entry, id")),
        data(read.Prepare("SELECT data FROM carried_block WHERE id = ?1")),
        imports(read.Prepare("SELECT change, hash_set FROM import_file WHERE first_block <= ?1"
                             " AND blocks > 0 ORDER BY first_block DESC LIMIT 1")),
        after(behind_entry),
        from(start),
        hash_set(of_set),
        place(start) {
    blocks.Bind(after, from.block);
  }

  // Fills `import`. False: the block is of none.
  absl::StatusOr<bool> FindImport() {
    if (told_id == block_id) return true;
    auto row = imports.Bind(block_id).Step();
    if (!row.ok() || !*row) return row;
    import = {.change = imports.Id(0), .hash_set = imports.Id(1)};
    told_id = block_id;
    return true;
  }

  // What an import into another set brought holds nothing of this one: its records became entries
  // of that set, repeat entries of the same import, or are of none.
  absl::StatusOr<bool> IsWanted() {
    if (hash_set == 0) return true;
    auto told = FindImport();
    if (!told.ok()) return told;
    return !*told || import.hash_set == hash_set;
  }
};

CarriedReader::CarriedReader(Transaction& transaction, std::uint64_t after, Place from,
                             std::uint64_t hash_set)
    : state_(std::make_unique<State>(transaction, after, from, hash_set)) {}
CarriedReader::~CarriedReader() = default;

std::uint64_t CarriedReader::behind() const { return state_->behind; }
CarriedReader::Place CarriedReader::place() const { return state_->place; }

absl::StatusOr<v1::Entry*> CarriedReader::Next() {
  State& state = *state_;
  while (true) {
    while (state.next < state.block.entries_size()) {
      const auto passed = static_cast<std::uint64_t>(state.next);
      v1::Entry& record = *state.block.mutable_entries(state.next++);
      if (!record.repeats()) state.behind = record.entry_id();
      if (state.block_id == state.from.block && passed < state.from.passed) continue;
      state.place = {.block = state.block_id, .passed = passed};
      if (state.behind >= state.after) return &record;
    }
    if (state.block_id != 0) {
      state.place = {.block = state.block_id, .passed = static_cast<std::uint64_t>(state.next)};
    }
    const auto row = state.blocks.Step();
    if (!row.ok()) return row.status();
    if (!*row) return nullptr;
    state.block_id = state.blocks.Id(2);
    state.next = 0;
    state.block.clear_entries();
    const auto wanted = state.IsWanted();
    if (!wanted.ok()) return wanted.status();
    if (!*wanted) continue;
    state.behind = state.blocks.Id(0);
    state.last = state.blocks.Id(1);
    const std::string what = absl::StrCat("entry ", state.behind);
    // Not with the row: of a block that is passed over it is not read.
    const auto found = state.data.Bind(state.block_id).Step();
    if (!found.ok()) return found.status();
    if (!*found) return Damaged(what, "gone");
    const auto bytes = Unpack(state.data.Blob(0), what);
    if (!bytes.ok()) return bytes.status();
    if (!state.block.ParseFromString(*bytes)) return Damaged(what, "no records");
  }
}

absl::StatusOr<v1::Entry*> CarriedReader::Find(std::uint64_t entry) {
  State& state = *state_;
  if (state.last < entry) {
    state.blocks.Bind(entry, 0);
    state.block.clear_entries();
    state.next = 0;
  }
  state.after = entry;
  while (true) {
    auto record = Next();
    if (!record.ok() || *record == nullptr) return record;
    if (state.behind > entry) {
      --state.next;  // the next call may be for it
      return nullptr;
    }
    if (!(*record)->repeats()) return record;
  }
}

absl::StatusOr<CarriedReader::Import> CarriedReader::OfImport() {
  State& state = *state_;
  const auto told = state.FindImport();
  if (!told.ok()) return told.status();
  if (!*told) return Damaged(absl::StrCat("entry ", state.behind), "of no import");
  return state.import;
}

absl::StatusOr<std::string> ReadFileCarried(std::string_view data) {
  return Unpack(data, "a file");
}

namespace {

// Whether a block holds records, and they stand where its row says: the sum does not cover that.
bool IsInPlace(std::uint64_t first, std::uint64_t last, std::string_view data) {
  const auto bytes = Unpack(data, "a block");
  v1::ListEntriesResponse block;
  if (!bytes.ok() || !block.ParseFromString(*bytes) || block.entries().empty()) return false;
  std::uint64_t behind = first;
  for (const v1::Entry& record : block.entries()) {
    if (record.repeats()) continue;
    if (record.entry_id() < behind) return false;
    behind = record.entry_id();
  }
  return behind == last && (block.entries(0).repeats() || block.entries(0).entry_id() == first);
}

}  // namespace

absl::Status CheckCarriedBlocks(Transaction& read, const std::function<void(std::string)>& found) {
  // The blocks of an import are those before the first one of the next.
  Statement files = read.Prepare(
      "SELECT f.change, f.blocks, f.digest, f.first_block,"
      " coalesce((SELECT n.first_block FROM import_file n WHERE n.change > f.change"
      " ORDER BY n.change LIMIT 1), 9223372036854775807), f.data, c.subject FROM import_file f"
      " JOIN change c ON c.number = f.change ORDER BY f.change");
  Statement blocks = read.Prepare(
      "SELECT first_entry, last_entry, data FROM carried_block WHERE id >= ?1 AND id < ?2"
      " ORDER BY last_entry, id");
  BlockSum sum;
  while (true) {
    const auto file = files.Step();
    if (!file.ok()) return file.status();
    if (!*file) return absl::OkStatus();
    sum.Reset();
    bool sound = ReadFileCarried(files.Blob(5)).ok();
    blocks.Bind(files.Id(3), files.Id(4));
    while (true) {
      const auto row = blocks.Step();
      if (!row.ok()) return row.status();
      if (!*row) break;
      sum.Add(blocks.Blob(2));
      sound = sound && IsInPlace(blocks.Id(0), blocks.Id(1), blocks.Blob(2));
    }
    const auto digest = sum.Finish();
    if (!sound || sum.blocks() != files.Id(1) ||
        std::string_view(digest.data(), digest.size()) != files.Blob(2)) {
      found(absl::StrCat("what was carried with ", std::string(files.Text(6)), " (change ",
                         files.Id(0), ") is not what was stored; restore a backup"));
    }
  }
}

}  // namespace kith::catalog
