// SPDX-License-Identifier: Apache-2.0
#include "tools/exchange/internal/vics_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tools/exchange/internal/entry_fields.h"
#include "tools/exchange/internal/long_lists.h"
#include "tools/report/path_text.h"

namespace kith::exchange {
namespace {

// No value that Kith works with is longer.
constexpr std::size_t kMaxFieldBytes = 256;
constexpr std::size_t kMaxSeriesBytes = 200;
constexpr std::size_t kMaxCategoryBytes = 64;
constexpr char kTooLong[] = "record of more than 128 KiB: only its hashes are kept";
constexpr char kItemLeftOut[] = "item of a list left out, of a record of more than 128 KiB";
static_assert(kMaxRecordBytes == 128 << 10);

bool IsUpperHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); });
}

}  // namespace

void VicsRecord::Clear() {
  json_.Clear();
  items_left_out_ = 0;
  member_ = Member::kOther;
  md5_.clear();
  sha1_.clear();
  sha256_.clear();
  other_sha1_.clear();
  other_sha256_.clear();
  category_.clear();
  media_id_.clear();
  hash_name_.clear();
  hash_value_.clear();
  is_name_ = is_value_ = is_case_ = is_file_ = has_photodna_ = false;
  entry_.Clear();
  told_.clear();
}

VicsRecord::Member VicsRecord::MemberOf(std::string_view key, bool& exact) {
  constexpr std::array<std::pair<std::string_view, Member>, 13> kNames = {
      {{"MD5", Member::kMd5},
       {"SHA1", Member::kSha1},
       {"SHA256", Member::kSha256},
       {"SHA-1", Member::kSha1},
       {"SHA-256", Member::kSha256},
       {"Category", Member::kCategory},
       {"Series", Member::kSeries},
       {"VictimIdentified", Member::kVictim},
       {"MediaID", Member::kMediaId},
       {"PhotoDNA", Member::kPhotoDna},
       {"AlternativeHashes", Member::kAlternative},
       {"CaseID", Member::kCaseId},
       {"CaseNumber", Member::kCaseId}}};
  for (const auto& [name, member] : kNames) {
    if (!EqualIgnoringCase(key, name)) continue;
    exact = key == name && name != "SHA-1" && name != "SHA-256";
    return member;
  }
  return Member::kOther;
}

void VicsRecord::Key(std::string_view key, int nested) {
  json_.Key(key);
  if (nested == 0) {
    exact_ = false;
    member_ = MemberOf(key, exact_);
    if (exact_) key_ = key;
    is_case_ |= member_ == Member::kCaseId;
    is_file_ |= member_ == Member::kMd5 || member_ == Member::kSha1 || member_ == Member::kSha256 ||
                member_ == Member::kMediaId || member_ == Member::kPhotoDna ||
                member_ == Member::kAlternative;
  } else if (member_ == Member::kAlternative && nested == 2) {
    is_name_ = EqualIgnoringCase(key, "HashName");
    is_value_ = EqualIgnoringCase(key, "HashValue");
  }
}

void VicsRecord::Scalar(JsonKind kind, std::string_view value, int nested, Sink& sink) {
  if (nested == 0 && member_ != Member::kOther && TakeMember(kind, value, sink)) {
    std::string json;
    if (kind == JsonKind::kText) {
      AppendJsonString(json, value);
    } else {
      json = value;
    }
    told_.emplace_back(key_, std::move(json));
    json_.Skip();
  }
  if (nested == 2 && kind == JsonKind::kText && value.size() <= kMaxFieldBytes * 2) {
    if (is_name_) hash_name_ = value;
    if (is_value_) hash_value_ = value;
  }
  if (nested == 2) is_name_ = is_value_ = false;
  MakeRoom(nested);
  if (kind == JsonKind::kText) {
    json_.Text(value, sink);
  } else {
    json_.Literal(value);
  }
}

void VicsRecord::Open(char bracket, int nested, Sink& sink) {
  MakeRoom(nested);
  json_.Open(bracket, sink);
}

void VicsRecord::MakeRoom(int nested) {
  if (nested != 1 || json_.skipping() || json_.text().size() < kMaxHeldBytes / 2) return;
  json_.Skip();
  ++items_left_out_;
}

void VicsRecord::Close(char bracket, int nested, v1::Dialect dialect, Sink& sink) {
  json_.Close(bracket);
  if (member_ == Member::kAlternative && nested == 2 && bracket == '}') {
    TakeAlternative(dialect, sink);
  }
}

bool VicsRecord::TakeDigestText(std::string_view value, bool canonical, std::string& text) {
  // The first of several holds; the others stay where they are.
  if (!text.empty() || value.empty()) return false;
  text = value.substr(0, kMaxFieldBytes);
  return canonical && exact_ && IsUpperHex(value);
}

bool VicsRecord::TakeSeries(JsonKind kind, std::string_view value, Sink& sink) {
  if (kind != JsonKind::kText || value.empty() || !entry_.series().empty()) return false;
  const std::string_view name = Trimmed(value);
  if (name.size() < value.size() && !name.empty()) {
    sink.Note("series with blanks around its name, linked without them");
  }
  if (name.empty()) return false;
  const bool exact = exact_ && name.size() == value.size();
  value = name;
  if (value.size() > kMaxSeriesBytes || !report::WhyNoText(value).empty()) {
    sink.Note("series that is no name, carried only");
    return false;
  }
  entry_.set_series(std::string(value));
  return exact;
}

bool VicsRecord::TakeCategory(JsonKind kind, std::string_view value) {
  if (kind != JsonKind::kText && kind != JsonKind::kNumber) return false;
  if (value.empty() || value.size() > kMaxCategoryBytes || !category_.empty() ||
      !report::WhyNoText(value).empty()) {
    return false;
  }
  category_ = value;
  // As the writer writes it: an integer.
  const bool digits =
      std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  return exact_ && kind == JsonKind::kNumber && digits;
}

bool VicsRecord::TakeMember(JsonKind kind, std::string_view value, Sink& sink) {
  const bool text = kind == JsonKind::kText;
  switch (member_) {
    case Member::kMd5:
      return text && TakeDigestText(value, value.size() == 32, md5_);
    case Member::kSha1:
      return text && TakeDigestText(value, value.size() == 40, sha1_);
    case Member::kSha256:
      return text && TakeDigestText(value, value.size() == 64, sha256_);
    case Member::kCategory:
      return TakeCategory(kind, value);
    case Member::kSeries:
      return TakeSeries(kind, value, sink);
    case Member::kVictim:
      entry_.set_victim_identified(kind == JsonKind::kNull ? v1::TRI_STATE_UNSPECIFIED
                                                           : TriStateOf(value));
      return exact_ && text && (value == "true" || value == "false");
    case Member::kMediaId:
      if (text || kind == JsonKind::kNumber) media_id_ = value.substr(0, kMaxFieldBytes);
      return false;
    case Member::kPhotoDna:
      has_photodna_ |= text && !value.empty();
      if (text && !value.empty() && !IsPhotoDna(value)) {
        sink.Note("PhotoDNA that is not of 144 bytes, carried as it is");
      }
      return false;
    default:
      return false;
  }
}

void VicsRecord::TakeAlternative(v1::Dialect dialect, Sink& sink) {
  const std::string name = std::exchange(hash_name_, {});
  const std::string value = std::exchange(hash_value_, {});
  is_name_ = is_value_ = false;
  if (EqualIgnoringCase(name, "PDQ")) {
    if (entry_.codes_size() > 0) {
      // Two of one view cannot stand in an entry.
      sink.Note("further PDQ of a record, carried only");
    } else if (!TakePdq(value, dialect, entry_)) {
      sink.Note("PDQ that is not of 64 digits, carried only");
    }
  } else if (EqualIgnoringCase(name, "SHA256") || EqualIgnoringCase(name, "SHA-256")) {
    TakeAlternativeDigest(DigestKind::kSha256, value, other_sha256_, sink);
  } else if (EqualIgnoringCase(name, "SHA1") || EqualIgnoringCase(name, "SHA-1")) {
    TakeAlternativeDigest(DigestKind::kSha1, value, other_sha1_, sink);
  } else if (EqualIgnoringCase(name, "PhotoDNA")) {
    has_photodna_ |= !value.empty();
    if (!IsPhotoDna(value)) sink.Note("PhotoDNA that is not of 144 bytes, carried as it is");
  }
}

// Some exporters write them in base32: that says nothing against the record's own digests.
void VicsRecord::TakeAlternativeDigest(DigestKind kind, const std::string& value,
                                       std::string& digest, Sink& sink) {
  if (value.empty()) return;
  v1::Digests scratch;
  if (!TakeDigest(kind, value, scratch)) {
    sink.Note("alternative hash that has not the digits of its kind, carried only");
  } else if (digest.empty()) {
    digest = value;
  }
}

void VicsRecord::TakeDigests() {
  v1::Digests& digests = *entry_.mutable_digests();
  const std::string& sha1 = sha1_.empty() ? other_sha1_ : sha1_;
  const std::string& sha256 = sha256_.empty() ? other_sha256_ : sha256_;
  if (!md5_.empty()) (void)TakeDigest(DigestKind::kMd5, md5_, digests);
  if (!sha1.empty()) (void)TakeDigest(DigestKind::kSha1, sha1, digests);
  if (!sha256.empty()) (void)TakeDigest(DigestKind::kSha256, sha256, digests);
}

// A record of a file is none of a case, whatever case it names besides.
bool VicsRecord::IsCase() const { return is_case_ && !is_file_; }

// The members that the entry does not tell. Of a digest that is among the alternative hashes too
// the entry does not tell where it stood.
std::string VicsRecord::CarriedMembers() const {
  std::string text = "{" + json_.text();
  for (const auto& [key, json] : told_) {
    const bool twice =
        (key == "SHA1" && !other_sha1_.empty()) || (key == "SHA256" && !other_sha256_.empty());
    if (!twice) continue;
    if (text.size() > 1) text += ',';
    AppendJsonString(text, key);
    text += ':' + json;
  }
  return text + "}";
}

std::string VicsRecord::CaseHeader() const {
  if (too_long()) return "{}";
  std::string text = "{" + json_.text();
  for (const auto& [key, json] : told_) {
    if (text.size() > 1) text += ',';
    AppendJsonString(text, key);
    text += ':' + json;
  }
  return text + "}";
}

std::string VicsRecord::Kept(Sink& sink) const {
  std::uint64_t left_out = items_left_out_;
  std::string members = json_.too_long() ? "" : CarriedMembers();
  if (members.size() > kMaxRecordBytes) {
    members = WithShortLists(members, kMaxRecordBytes, left_out);
  }
  // Its hashes are worth more than what stands beside them.
  if (members.empty()) {
    sink.Note(kTooLong);
    return "{}";
  }
  for (; left_out > 0; --left_out) sink.Note(kItemLeftOut);
  return members;
}

// What is wrong with the record; "" where nothing is. A wrong digest is no reason to trust the
// others: its record is skipped.
std::string VicsRecord::Wrong() const {
  v1::Digests scratch;
  const auto wrong = [&scratch](DigestKind kind, const std::string& text, const char* name,
                                int digits) -> std::string {
    if (text.empty() || TakeDigest(kind, text, scratch)) return "";
    return fmt::format("{} of {} characters: it has {} hexadecimal digits", name, text.size(),
                       digits);
  };
  std::string why = wrong(DigestKind::kMd5, md5_, "MD5", 32);
  if (why.empty()) why = wrong(DigestKind::kSha1, sha1_, "SHA-1", 40);
  if (why.empty()) why = wrong(DigestKind::kSha256, sha256_, "SHA-256", 64);
  return why;
}

absl::Status VicsRecord::CheckPurpose(const Place& place, const ReadOptions& options) const {
  if (options.purpose != v1::PURPOSE_BENIGN || IsHarmless(entry_.category())) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(fmt::format(
      "{}: a record of category {}: a VICS file of known material must not go into a set of "
      "benign files; import it into a set of purpose known",
      PlaceText(place), category_.empty() ? "none" : report::EscapeText(category_)));
}

bool VicsRecord::IsCarriedOnly(const VicsScheme& scheme, const ReadOptions& options,
                               Sink& sink) const {
  if (IsEmptyFile(entry_.digests())) {
    sink.Note("record of the empty file, kept for the way back, not matched");
    return true;
  }
  if (!CanMatch(entry_)) {
    sink.Note("record with PhotoDNA alone, kept for the way back, not matched");
    return true;
  }
  if (options.purpose == v1::PURPOSE_BENIGN) return false;
  switch (InKnownSetOf(entry_.category(), scheme)) {
    case InKnownSet::kSurelyHarmless:
      sink.Note(kNonPertinentNote);
      return true;
    case InKnownSet::kPerhapsHarmless:
      sink.Note("record of category 8, which some call non-pertinent, taken as known");
      return false;
    case InKnownSet::kHarmlessInTheUs:
      sink.Note(
          "category 5 of no region, non-pertinent in the US, taken as known: --scheme says whose");
      return false;
    case InKnownSet::kUnjudged:
      sink.Note("no category or 0: nobody has judged it, taken as known");
      return false;
    case InKnownSet::kTaken:
      return false;
  }
  return false;
}

absl::Status VicsRecord::Emit(const Place& place, const VicsScheme& scheme, std::uint32_t part,
                              const ReadOptions& options, Sink& sink) {
  if (std::string why = Wrong(); !why.empty()) return sink.Problem(place, std::move(why));
  TakeDigests();
  if (!CanMatch(entry_) && !has_photodna_) {
    return sink.Problem(place, "neither a digest nor a PDQ hash");
  }
  if (!category_.empty()) {
    entry_.mutable_category()->set_scheme(options.scheme.empty() ? scheme.name : options.scheme);
    entry_.mutable_category()->set_code(category_);
  }
  if (auto status = CheckPurpose(place, options); !status.ok()) return status;
  entry_.set_carried_only(IsCarriedOnly(scheme, options, sink));
  if (!media_id_.empty()) entry_.set_source_ref(SourceRef("MediaID " + media_id_));
  Carried& carried = *entry_.mutable_carried();
  carried.set_format("vics");
  carried.set_data(Kept(sink));
  carried.set_part(part);
  return sink.Take(std::move(entry_), place);
}

}  // namespace kith::exchange
