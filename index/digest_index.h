// SPDX-License-Identifier: Apache-2.0
//
// Purpose: tell which entries have exactly a given MD5, SHA-1 or SHA-256, while entries are added
// and withdrawn. Two kinds: Create gives one that lives in memory; Open one that lives in files
// which are mapped, for hundreds of millions of digests, with what came last in memory.
//
// Thread-safety: all functions may be called from any number of threads at once. The digests are
// spread over many small tables, each with its own lock: a search waits for one short addition or
// withdrawal at most, and never for the disk that another search or a merge waits for. What is
// added is found by every search that begins after Add returned; what is withdrawn is silent in
// every search that begins after Withdraw returned.
//
// Shapes: a digest is its raw bytes (not hex): 16, 20 or 32 of them.
//
// Files (FORMAT.md): for each kind some sorted runs, the larger the older. A folder tells up to
// which change it is complete; what came behind it is told anew when it is opened. Damaged files
// are refused by name, and the folder can always be made anew from the catalog. Where damage is
// found later, by a merge or by Scrub, Find answers Unavailable rather than less until Clear and
// Refilled, and the list of the files is removed at once: who opens the folder finds nothing in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kith::index {

inline constexpr std::size_t kMaxDigestMarkBytes = 256;

enum class DigestKind : std::uint8_t { kMd5 = 0, kSha1 = 1, kSha256 = 2 };

[[nodiscard]] constexpr std::size_t DigestBytes(DigestKind kind) {
  return kind == DigestKind::kMd5 ? 16 : kind == DigestKind::kSha1 ? 20 : 32;
}

struct DigestIndexStats {
  std::uint64_t digests = 0;     // rows held, of all kinds; withdrawn ones until they are swept out
  std::uint64_t withdrawn = 0;   // entries withdrawn since the last sweep
  std::uint64_t bytes = 0;       // memory held, mapped files not among it
  std::uint64_t file_bytes = 0;  // of the files
  std::size_t runs = 0;          // files of digests
  bool is_damaged = false;       // a file is: nothing is answered until Clear and Refilled
  // Why the files are behind: the last error of the thread that writes them; OK if they are not.
  absl::Status files = absl::OkStatus();
};

// Tells for each i whether entries[i] has digests[i], as the catalog knows it now; called by Find,
// by any number of threads at once, without any lock held.
using DigestConfirm = std::function<absl::StatusOr<std::vector<bool>>(
    DigestKind kind, std::span<const std::string_view> digests,
    std::span<const std::uint64_t> entries)>;

struct DigestIndexOptions {
  // An existing folder for the files; other files in it are left alone.
  std::string folder;
  // Digests of all kinds that are held in memory before a thread behind brings them into files.
  std::size_t delta_digests = std::size_t{1} << 20;
  // If given, files keep the first 16 bytes of a SHA-256 (18 bytes a digest instead of 34), and
  // each entry found by them is asked about. The answer stays exact.
  DigestConfirm confirm = {};
  // Removes the files that are there.
  bool start_anew = false;
  // While opening checks files from end to end, as their stamp changed: the bytes that were
  // checked, and all.
  std::function<void(std::uint64_t done, std::uint64_t all)> progress = {};
};

class DigestIndex {
 public:
  // In memory, some 70 to 90 bytes a digest.
  [[nodiscard]] static std::unique_ptr<DigestIndex> Create();
  // In files, some 18 bytes a digest, SHA-1 22 (SHA-256 without `confirm`: 34). A file is checked
  // from end to end as soon as it is written, by the thread behind, and again only if its stamp
  // changed; else opening takes milliseconds.
  // Errors: DataLoss names the damaged file and section, FailedPrecondition a file of another
  // version or of other options: open with start_anew then. Else ResourceExhausted or Unavailable
  // with the words of the system.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<DigestIndex>> Open(
      const DigestIndexOptions& options);

  virtual ~DigestIndex() = default;
  DigestIndex(const DigestIndex&) = delete;
  DigestIndex& operator=(const DigestIndex&) = delete;

  // digests[i] belongs to entries[i]. Several entries may have the same digest, and one entry
  // several digests; the same pair added twice is found once. An entry that was withdrawn may be
  // added again. Amortised O(1) a digest, whatever the digests are.
  // Errors: InvalidArgument if the lengths of the lists differ or a digest has not
  // DigestBytes(kind) bytes (the message tells its position); then nothing is added.
  // ResourceExhausted beyond some 10^12 digests of a kind.
  // With files it waits while twice delta_digests are on their way into them.
  [[nodiscard]] virtual absl::Status Add(DigestKind kind, std::span<const std::string_view> digests,
                                         std::span<const std::uint64_t> entries) = 0;

  // Silences every digest, of all kinds, of the given entries. An unknown entry is no error.
  // O(1) an entry; now and then a sweep of the whole index that gives back the memory.
  virtual void Withdraw(std::span<const std::uint64_t> entries) = 0;

  // For each digest, in order, the entries that have it, ascending; empty if none has.
  // O(1) and O(k log k) for k entries found.
  // Errors: InvalidArgument if a digest has not DigestBytes(kind) bytes; those of `confirm`;
  // Unavailable while a file is known to be damaged.
  [[nodiscard]] virtual absl::StatusOr<std::vector<std::vector<std::uint64_t>>> Find(
      DigestKind kind, std::span<const std::string_view> digests) const = 0;

  // From here on: of an index in files. One in memory bears what it is told without keeping it,
  // says truly that nothing is saved, and answers Unimplemented where files are asked for.

  // Tells that everything of the changes up to this one was added and withdrawn; numbers ascend.
  // `mark` names the moment to its owner (at most kMaxDigestMarkBytes). Of a damaged index it is
  // not true and not remembered.
  virtual void Reached(std::uint64_t change, std::string_view mark = {}) = 0;
  // Tells that what is added and withdrawn from now on may be of the moment `mark`.
  virtual void Touches(std::string_view mark) = 0;
  // The files hold all changes up to this one; those behind it are to be told after Open, in their
  // order. They may be told again: what is there twice is found once. 0: none, they are empty.
  [[nodiscard]] virtual std::uint64_t SavedChange() const = 0;
  // The mark of that change; and the newest moment of which something may be in the files as well.
  // An owner that does not know one of them as a moment of its own history has to Clear.
  [[nodiscard]] virtual std::string SavedMark() const = 0;
  [[nodiscard]] virtual std::string TouchedMark() const = 0;
  // Forgets everything, in the files too; needs no room on the disk. What was damaged answers again
  // when Refilled tells that everything was added anew. Where it fails, the index is damaged.
  [[nodiscard]] virtual absl::Status Clear() = 0;
  // Tells that everything was added anew since Clear, whatever went wrong before. Damage that was
  // found since Clear stays.
  virtual void Refilled() = 0;
  // Asks the thread behind to bring everything into files. It is done when the index is destroyed,
  // if it can be.
  virtual void Save() = 0;
  // Brings everything into files and waits for it, and for merges. Errors: as Open.
  [[nodiscard]] virtual absl::Status Flush() = 0;
  // Reads all files again and compares their checksums, beside searches. `pace` is told of bytes
  // read; its false ends it with Cancelled. Errors: as Open; then Find is Unavailable, but for
  // ResourceExhausted, which tells nothing of the files.
  using Pace = std::function<bool(std::uint64_t bytes)>;
  [[nodiscard]] virtual absl::Status Scrub(const Pace& pace = {}) = 0;

  [[nodiscard]] virtual DigestIndexStats Stats() const = 0;

 protected:
  DigestIndex() = default;
};

}  // namespace kith::index
