// SPDX-License-Identifier: Apache-2.0
//
// Purpose: one Media record of a VICS file while it is read, and what becomes of it: the members
// that Kith works with become those of the entry, all others are carried. A member that the writer
// would write just so from the entry is not carried besides.
//
// Thread-safety: belongs to one thread. Memory: kMaxHeldBytes, twice in a record of very many
// items, and one value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/exchange/internal/entry_fields.h"
#include "tools/exchange/internal/json_object.h"
#include "tools/exchange/internal/vics_scheme.h"
#include "tools/exchange/record.h"

namespace kith::exchange {

enum class JsonKind { kNull, kBool, kNumber, kText };

// Held of a record while it is read. Which of its lists are long is known at its end; beyond half
// of this their items are left out at once.
inline constexpr std::size_t kMaxHeldBytes = 8 * kMaxRecordBytes;

class VicsRecord {
 public:
  explicit VicsRecord(bool keep_text) : json_(kMaxHeldBytes, keep_text) {}

  void Clear();
  // `nested`: brackets open within the value of the member.
  void Key(std::string_view key, int nested);
  void Scalar(JsonKind kind, std::string_view value, int nested, Sink& sink);
  void Open(char bracket, int nested, Sink& sink);
  void Close(char bracket, int nested, v1::Dialect dialect, Sink& sink);

  // A case without media: it names a case and no file.
  [[nodiscard]] bool IsCase() const;
  // All members, as an object; an empty one where they are too long.
  [[nodiscard]] std::string CaseHeader() const;
  [[nodiscard]] bool too_long() const { return json_.text().size() + 2 > kMaxRecordBytes; }
  // Hands the record over: to Take, Problem or Note.
  [[nodiscard]] absl::Status Emit(const Place& place, const VicsScheme& scheme, std::uint32_t part,
                                  const ReadOptions& options, Sink& sink);

 private:
  enum class Member {
    kOther,
    kMd5,
    kSha1,
    kSha256,
    kCategory,
    kSeries,
    kVictim,
    kMediaId,
    kPhotoDna,
    kAlternative,
    kCaseId
  };

  // Leaves out the item of a list that comes next, where so much is held already.
  void MakeRoom(int nested);
  // What is carried of it, in kMaxRecordBytes.
  [[nodiscard]] std::string Kept(Sink& sink) const;
  [[nodiscard]] static Member MemberOf(std::string_view key, bool& exact);
  // True: the entry will tell it just so.
  bool TakeMember(JsonKind kind, std::string_view value, Sink& sink);
  bool TakeDigestText(std::string_view value, bool canonical, std::string& text);
  bool TakeSeries(JsonKind kind, std::string_view value, Sink& sink);
  bool TakeCategory(JsonKind kind, std::string_view value);
  void TakeAlternative(v1::Dialect dialect, Sink& sink);
  void TakeAlternativeDigest(DigestKind kind, const std::string& value, std::string& digest,
                             Sink& sink);
  // The digest of its own level, else of its alternative hashes.
  void TakeDigests();
  [[nodiscard]] std::string CarriedMembers() const;
  [[nodiscard]] std::string Wrong() const;
  // FAILED_PRECONDITION where a set of benign files must not hold it.
  [[nodiscard]] absl::Status CheckPurpose(const Place& place, const ReadOptions& options) const;
  // What is never matched, only kept for the way back: told.
  [[nodiscard]] bool IsCarriedOnly(const VicsScheme& scheme, const ReadOptions& options,
                                   Sink& sink) const;

  JsonObject json_;
  std::uint64_t items_left_out_ = 0;  // of lists
  Member member_ = Member::kOther;
  bool exact_ = false;  // the name is spelled as the writer spells it
  std::string key_;
  std::string md5_, sha1_, sha256_, category_, media_id_;
  std::string other_sha1_, other_sha256_;  // of its alternative hashes
  std::string hash_name_, hash_value_;     // of the alternative hash that is open
  bool is_name_ = false;
  bool is_value_ = false;
  bool is_case_ = false;  // a member names a case
  bool is_file_ = false;  // a member is of a file
  bool has_photodna_ = false;
  Entry entry_;
  std::vector<std::pair<std::string, std::string>> told_;  // members not carried, with their JSON
};

}  // namespace kith::exchange
