// SPDX-License-Identifier: Apache-2.0
#include "server/catalog/internal/entry_record.h"

#include <xxhash.h>

#include <algorithm>
#include <memory>
#include <tuple>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/catalog/bounds.h"
#include "server/catalog/catalog.h"
#include "server/catalog/names.h"

namespace kith::catalog {
namespace {

constexpr std::string_view kEmptyMd5 = "d41d8cd98f00b204e9800998ecf8427e";
constexpr std::string_view kEmptySha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
constexpr std::string_view kEmptySha256 =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

void AppendInt(std::string& out, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xFFU));
}

void AppendBytes(std::string& out, std::string_view bytes) {
  AppendInt(out, bytes.size());
  out.append(bytes);
}

absl::StatusOr<std::string> TakeDigest(std::string_view name, const std::string& digest,
                                       std::size_t bytes, std::string_view of_empty) {
  if (digest.empty()) return digest;
  if (digest.size() != bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(name), " of ", digest.size(), " bytes: it has ", bytes));
  }
  if (absl::BytesToHexString(digest) == of_empty) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(name), ": digest of the empty file"));
  }
  return digest;
}

absl::StatusOr<CodeRecord> TakeCode(const v1::Code& code, v1::Dialect dialect) {
  CodeRecord record;
  if (code.pdq().size() != record.pdq.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("PDQ of ", code.pdq().size(), " bytes: it has 32"));
  }
  std::copy(code.pdq().begin(), code.pdq().end(), record.pdq.begin());
  if (code.has_quality()) {
    if (code.quality() > 100) {
      return absl::InvalidArgumentError(
          absl::StrCat("quality ", code.quality(), ": it goes from 0 to 100"));
    }
    record.quality = code.quality();
  }
  if (code.orientation() != v1::ORIENTATION_UNSPECIFIED &&
      code.orientation() != v1::ORIENTATION_ORIGINAL) {
    return absl::InvalidArgumentError(
        "a code of a turned picture: an entry holds the original orientation only");
  }
  record.frame = code.view().frame();
  if (record.frame > kMaxFrame) {
    return absl::InvalidArgumentError(absl::StrCat("frame ", record.frame, ": too large"));
  }
  if (code.view().crop() != v1::CROP_UNSPECIFIED) record.crop = code.view().crop();
  if (!v1::Crop_IsValid(record.crop)) {
    return absl::InvalidArgumentError(absl::StrCat("unknown crop ", record.crop));
  }
  record.dialect = code.dialect() == v1::DIALECT_UNSPECIFIED ? dialect : code.dialect();
  if (!v1::Dialect_IsValid(record.dialect)) {
    return absl::InvalidArgumentError(absl::StrCat("unknown dialect ", record.dialect));
  }
  return record;
}

absl::Status TooManyCodes(const v1::Entry& entry) {
  return absl::InvalidArgumentError(
      absl::StrCat(entry.codes_size(), " codes: an entry has at most ", kMaxCodesAnEntry));
}

absl::Status TakeCodes(const v1::Entry& entry, v1::Dialect dialect, EntryRecord& record) {
  // First: what follows compares each code with all of them.
  if (entry.codes_size() > kMaxCodesAnEntry) return TooManyCodes(entry);
  bool left_out = false;
  for (const v1::Code& code : entry.codes()) {
    auto taken = TakeCode(code, dialect);
    if (!taken.ok()) return taken.status();
    if (taken->quality.value_or(kMinimumQuality) < kMinimumQuality) {
      left_out = true;
      continue;
    }
    const auto same_view = [&](const CodeRecord& other) {
      return std::tie(other.frame, other.crop, other.dialect) ==
             std::tie(taken->frame, taken->crop, taken->dialect);
    };
    if (std::any_of(record.codes.begin(), record.codes.end(), same_view)) {
      return absl::InvalidArgumentError("two codes of the same view and dialect");
    }
    record.codes.push_back(*taken);
  }
  if (!record.codes.empty() || !record.md5.empty() || !record.sha1.empty() ||
      !record.sha256.empty()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      left_out ? absl::StrCat("nothing to match by: its quality is below ", kMinimumQuality,
                              ", and no digest is given")
               : "nothing to match by: neither a digest nor a PDQ is given");
}

}  // namespace

bool EntryRecord::IsAmbiguous() const {
  return sha256.size() == 32 && std::any_of(codes.begin(), codes.end(), [&](const auto& code) {
           return std::equal(
               code.pdq.begin(), code.pdq.end(), sha256.begin(),
               [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); });
         });
}

EntryFacts EntryRecord::Facts() const {
  return {.hash_set = static_cast<std::uint32_t>(hash_set),
          .series = static_cast<std::uint32_t>(series),
          .victim_identified = static_cast<std::uint8_t>(victim_identified),
          .ambiguous = IsAmbiguous(),
          .withdrawn = false};
}

void EntryRecord::AppendCanonical(std::string& out) const {
  AppendInt(out, id);
  AppendInt(out, hash_set);
  AppendInt(out, series);
  AppendInt(out, static_cast<std::uint64_t>(victim_identified));
  AppendBytes(out, source_ref);
  AppendBytes(out, md5);
  AppendBytes(out, sha1);
  AppendBytes(out, sha256);
  AppendInt(out, codes.size());
  for (const CodeRecord& code : codes) {
    AppendInt(out, code.frame);
    AppendInt(out, static_cast<std::uint64_t>(code.crop));
    AppendInt(out, static_cast<std::uint64_t>(code.dialect));
    AppendInt(out, code.quality ? *code.quality + 1 : 0);
    out.append(code.pdq.begin(), code.pdq.end());
  }
  // Batches of the first schema had none, and their digests hold.
  if (category_scheme.empty() && category_code.empty()) return;
  AppendBytes(out, category_scheme);
  AppendBytes(out, category_code);
}

absl::StatusOr<EntryRecord> TakeEntry(const v1::Entry& entry, v1::Dialect dialect) {
  EntryRecord record;
  // The empty file harms nothing where it is never matched.
  const bool kept = entry.carried_only();
  auto md5 = TakeDigest("MD5", entry.digests().md5(), 16, kept ? "" : kEmptyMd5);
  if (!md5.ok()) return md5.status();
  auto sha1 = TakeDigest("SHA-1", entry.digests().sha1(), 20, kept ? "" : kEmptySha1);
  if (!sha1.ok()) return sha1.status();
  auto sha256 = TakeDigest("SHA-256", entry.digests().sha256(), 32, kept ? "" : kEmptySha256);
  if (!sha256.ok()) return sha256.status();
  record.md5 = *std::move(md5);
  record.sha1 = *std::move(sha1);
  record.sha256 = *std::move(sha256);
  if (auto status = CheckText("source_ref", entry.source_ref()); !status.ok()) return status;
  record.source_ref = entry.source_ref();
  if (!v1::TriState_IsValid(entry.victim_identified())) {
    return absl::InvalidArgumentError("victim_identified is neither yes, no nor unspecified");
  }
  record.victim_identified = entry.victim_identified();
  record.category_scheme = entry.category().scheme();
  record.category_code = entry.category().code();
  if (auto status = FirstError({CheckOptionalName("category scheme", record.category_scheme),
                                CheckOptionalName("category code", record.category_code)});
      !status.ok()) {
    return status;
  }
  if (record.category_scheme.empty() && !record.category_code.empty()) {
    return absl::InvalidArgumentError("a category without its scheme means nothing");
  }
  if (entry.carried_only()) {  // never matched: it needs nothing to match by
    if (entry.codes_size() > kMaxCodesAnEntry) return TooManyCodes(entry);
    for (const v1::Code& code : entry.codes()) {
      if (const auto taken = TakeCode(code, dialect); !taken.ok()) return taken.status();
    }
    return record;
  }
  if (auto status = TakeCodes(entry, dialect, record); !status.ok()) return status;
  return record;
}

void FillEntry(const EntryRecord& record, v1::Entry& entry) {
  entry.set_entry_id(record.id);
  entry.set_victim_identified(record.victim_identified);
  entry.set_source_ref(record.source_ref);
  if (!record.category_scheme.empty()) {
    entry.mutable_category()->set_scheme(record.category_scheme);
    entry.mutable_category()->set_code(record.category_code);
  }
  entry.mutable_digests()->set_md5(record.md5);
  entry.mutable_digests()->set_sha1(record.sha1);
  entry.mutable_digests()->set_sha256(record.sha256);
  for (const CodeRecord& from : record.codes) {
    v1::Code& to = *entry.add_codes();
    to.set_pdq(from.pdq.data(), from.pdq.size());
    if (from.quality) to.set_quality(*from.quality);
    to.mutable_view()->set_frame(from.frame);
    to.mutable_view()->set_crop(from.crop);
    to.set_orientation(v1::ORIENTATION_ORIGINAL);
    to.set_dialect(from.dialect);
  }
}

EntryWriter::EntryWriter(Transaction& transaction)
    : entry_(transaction.Prepare("INSERT INTO entry (id, hash_set, series, victim_identified,"
                                 " source_ref, md5, sha1, sha256, category_scheme, category_code)"
                                 " VALUES (?1, ?2, nullif(?3, 0), ?4, ?5, nullif(?6, x''),"
                                 " nullif(?7, x''), nullif(?8, x''), ?9, ?10)")),
      code_(transaction.Prepare("INSERT INTO entry_code (id, frame, crop, dialect, quality, pdq)"
                                " VALUES (?1, ?2, ?3, ?4, nullif(?5, -1), ?6)")) {}

absl::Status EntryWriter::Write(const EntryRecord& record) {
  auto status = entry_
                    .Bind(record.id, record.hash_set, record.series, record.victim_identified,
                          record.source_ref, BlobView{record.md5}, BlobView{record.sha1},
                          BlobView{record.sha256}, record.category_scheme, record.category_code)
                    .Run();
  std::uint64_t position = record.id << kCodeIdBits;
  for (const CodeRecord& code : record.codes) {
    if (!status.ok()) return status;
    const std::string_view pdq(reinterpret_cast<const char*>(code.pdq.data()), code.pdq.size());
    const std::int64_t quality = code.quality ? static_cast<std::int64_t>(*code.quality) : -1;
    status =
        code_.Bind(position, code.frame, code.crop, code.dialect, quality, BlobView{pdq}).Run();
    ++position;
  }
  return status;
}

EntryScan::EntryScan(Transaction& transaction, std::uint64_t first, std::uint64_t last)
    : entry_(transaction.Prepare("SELECT id, hash_set, series, victim_identified, source_ref, md5,"
                                 " sha1, sha256, category_scheme, category_code FROM entry"
                                 " WHERE id BETWEEN ?1 AND ?2"
                                 " ORDER BY id")),
      code_(transaction.Prepare("SELECT id, frame, crop, dialect, quality, pdq FROM entry_code"
                                " WHERE id BETWEEN ?1 AND ?2 ORDER BY id")) {
  entry_.Bind(first, last);
  code_.Bind(first << kCodeIdBits, (last << kCodeIdBits) + kMaxCodesAnEntry - 1);
}

absl::Status EntryScan::NextCode() {
  const auto row = code_.Step();
  if (!row.ok()) return row.status();
  if (!*row) {
    code_entry_ = 0;
    return absl::OkStatus();
  }
  code_entry_ = code_.Id(0) >> kCodeIdBits;
  pending_.frame = static_cast<std::uint32_t>(code_.Int(1));
  pending_.crop = static_cast<v1::Crop>(code_.Int(2));
  pending_.dialect = static_cast<v1::Dialect>(code_.Int(3));
  pending_.quality.reset();
  if (!code_.IsNull(4)) pending_.quality = static_cast<std::uint32_t>(code_.Int(4));
  const std::string_view pdq = code_.Blob(5);
  if (pdq.size() != pending_.pdq.size()) {
    return absl::DataLossError(
        absl::StrCat("a code of entry ", code_entry_, " is damaged; restore a backup"));
  }
  std::copy(pdq.begin(), pdq.end(), pending_.pdq.begin());
  return absl::OkStatus();
}

absl::StatusOr<bool> EntryScan::Next(EntryRecord& record) {
  if (!started_) {
    started_ = true;
    if (auto status = NextCode(); !status.ok()) return status;
  }
  const auto row = entry_.Step();
  if (!row.ok()) return row.status();
  if (!*row) {
    if (code_entry_ == 0) return false;
    return absl::DataLossError(
        absl::StrCat("a code of entry ", code_entry_, " without its entry; restore a backup"));
  }
  record.id = entry_.Id(0);
  record.hash_set = entry_.Id(1);
  record.series = entry_.Id(2);
  record.victim_identified = static_cast<v1::TriState>(entry_.Int(3));
  record.source_ref.assign(entry_.Text(4));
  record.md5.assign(entry_.Blob(5));
  record.sha1.assign(entry_.Blob(6));
  record.sha256.assign(entry_.Blob(7));
  record.category_scheme.assign(entry_.Text(8));
  record.category_code.assign(entry_.Text(9));
  record.codes.clear();
  if (code_entry_ != 0 && code_entry_ < record.id) {
    return absl::DataLossError(
        absl::StrCat("a code of entry ", code_entry_, " without its entry; restore a backup"));
  }
  while (code_entry_ == record.id) {
    record.codes.push_back(pending_);
    if (auto status = NextCode(); !status.ok()) return status;
  }
  return true;
}

struct BatchDigest::State {
  std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> hash{XXH3_createState(),
                                                                       XXH3_freeState};
  std::string buffer;
};

BatchDigest::BatchDigest() : state_(std::make_unique<State>()) { Reset(); }
BatchDigest::~BatchDigest() = default;

void BatchDigest::Reset() { XXH3_128bits_reset(state_->hash.get()); }

void BatchDigest::Add(const EntryRecord& record) {
  state_->buffer.clear();
  record.AppendCanonical(state_->buffer);
  XXH3_128bits_update(state_->hash.get(), state_->buffer.data(), state_->buffer.size());
}

std::array<char, 16> BatchDigest::Finish() const {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_->hash.get()));
  std::array<char, 16> bytes{};
  std::copy(std::begin(canonical.digest), std::end(canonical.digest), bytes.begin());
  return bytes;
}

}  // namespace kith::catalog
