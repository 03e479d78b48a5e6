// SPDX-License-Identifier: Apache-2.0
//
// Lists of hashes, one a line, with what stands behind each: text, a category, further hashes of
// the same file, the quality of a PDQ; and the lines of `kith hash`.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "tools/exchange/internal/csv_line.h"
#include "tools/exchange/internal/cut_off.h"
#include "tools/exchange/internal/each_line.h"
#include "tools/exchange/internal/entry_fields.h"
#include "tools/exchange/internal/readers.h"
#include "tools/exchange/internal/vics_scheme.h"
#include "tools/report/words.h"

namespace kith::exchange {
namespace {

constexpr std::size_t kMaxNumberDigits = 3;

bool IsNumber(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNumberDigits &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool IsHash(std::string_view text) {
  return (text.size() == 32 || text.size() == 40 || text.size() == 64) && FromHex(text).has_value();
}

std::string_view HashField(std::string_view line) {
  line = Trimmed(line);
  return Trimmed(line.substr(0, line.find_first_of(",\t")));
}

// What one line says.
class ListEntry {
 public:
  ListEntry(const ReadOptions& options, Sink& sink) : options_(options), sink_(sink) {}

  // Both return why the line cannot be taken; "" where it can.
  std::string TakeHash(HashText hash);
  std::string TakeText(std::string_view text);
  // Whether the line is left out, which was told.
  [[nodiscard]] bool left_out() const { return left_out_; }
  [[nodiscard]] Entry& entry() { return entry_; }

 private:
  // True: the number says something of the hash before it.
  bool TakeNumber(std::string_view number, bool more, std::string& why);
  std::string TakeCategory(std::string_view code);

  const ReadOptions& options_;
  Sink& sink_;
  Entry entry_;
  bool left_out_ = false;
};

std::string ListEntry::TakeHash(HashText hash) {
  v1::Digests& digests = *entry_.mutable_digests();
  const auto take = [](std::string& has, std::string& value) {
    if (value.empty() || has == value) return true;
    if (!has.empty()) return false;
    has = std::move(value);
    return true;
  };
  bool one_of_each = take(*digests.mutable_md5(), *hash.digests.mutable_md5()) &&
                     take(*digests.mutable_sha1(), *hash.digests.mutable_sha1()) &&
                     take(*digests.mutable_sha256(), *hash.digests.mutable_sha256());
  if (one_of_each && !hash.pdq.empty()) {
    if (entry_.codes().empty()) {
      (void)TakePdq(Hex(hash.pdq), options_.dialect, entry_);
    } else {
      one_of_each = entry_.codes(0).pdq() == hash.pdq;
    }
  }
  return one_of_each ? "" : "two hashes of one kind that differ";
}

// Whose a category is no list tells, and a code without its scheme means nothing.
std::string ListEntry::TakeCategory(std::string_view code) {
  Category& category = *entry_.mutable_category();
  category.set_scheme(options_.scheme);
  category.set_code(std::string(code));
  if (options_.purpose == v1::PURPOSE_BENIGN) {
    return IsHarmless(category) ? "" : "of a category that is not known to be harmless";
  }
  switch (InKnownSetOf(category, {})) {
    case InKnownSet::kSurelyHarmless:
      sink_.Note(kNonPertinentNote);
      entry_.set_carried_only(true);
      return "";
    case InKnownSet::kPerhapsHarmless:
      sink_.Note("record of category 8, which some call non-pertinent, taken as known");
      return "";
    case InKnownSet::kUnjudged:
      sink_.Note("no category or 0: nobody has judged it, taken as known");
      return "";
    case InKnownSet::kHarmlessInTheUs:
    case InKnownSet::kTaken:
      return "";
  }
  return "";
}

bool ListEntry::TakeNumber(std::string_view number, bool more, std::string& why) {
  if (!options_.scheme.empty()) {
    why = TakeCategory(number);
    return true;
  }
  std::uint32_t quality = 0;
  std::from_chars(number.data(), number.data() + number.size(), quality);
  // As pdq-photo-hasher writes it: "PDQ,quality,file".
  if (!more || entry_.codes().empty() || quality > 100) {
    sink_.Note("number behind a hash, taken as text (--scheme NAME takes it for a category)");
    return false;
  }
  entry_.mutable_codes(0)->set_quality(quality);
  if (quality < kMinimumQuality) {
    sink_.Note(kLowQualityNote);
    entry_.clear_codes();
    left_out_ = !CanMatch(entry_);
  }
  return true;
}

std::string ListEntry::TakeText(std::string_view text) {
  std::string kept;
  char separator = 0;
  for (bool first = true;; first = false) {
    const std::size_t end = std::min(text.find_first_of(",\t"), text.size());
    const std::string_view piece = text.substr(0, end);
    const std::string_view field = Trimmed(piece);
    const bool more = end < text.size();
    bool taken = false;
    std::string why;
    if (IsHash(field)) {
      // As text it would be shown whole, and never matched.
      if (auto hash = ParseHash(field, options_.kind64); hash.ok())
        why = TakeHash(*std::move(hash));
      taken = true;
    } else if (first && IsNumber(field)) {
      taken = TakeNumber(field, more, why);
    }
    if (!why.empty()) return why;
    if (!taken) {
      if (!kept.empty()) kept += separator;
      kept += piece;
    }
    if (!more) break;
    separator = text[end];
    text.remove_prefix(end + 1);
  }
  entry_.set_source_ref(std::string(Trimmed(kept)));
  return "";
}

// A line of `kith hash`: hash, quality, dialect, perhaps an orientation, width, height, path.
// Nothing: it is none.
std::optional<absl::Status> TakeKithHash(std::string_view line, const Place& place, Sink& sink) {
  std::vector<std::string> fields;
  for (std::size_t at = 0; at <= line.size() && fields.size() < 8;) {
    const std::size_t end = std::min(line.find('\t', at), line.size());
    fields.emplace_back(line.substr(at, end - at));
    at = end + 1;
  }
  if (fields.size() != 6 && fields.size() != 7) return std::nullopt;
  const v1::Dialect dialect = fields[2] == "full" || fields[2] == "cli512"
                                  ? report::DialectOfWord(fields[2])
                                  : v1::DIALECT_UNSPECIFIED;
  if (dialect == v1::DIALECT_UNSPECIFIED) return std::nullopt;
  if (fields[0] == "-") {
    sink.Note("file without a PDQ, as kith hash says, left out");
    return absl::OkStatus();
  }
  Entry entry;
  if (!IsNumber(fields[1]) || !TakePdq(fields[0], dialect, entry)) return std::nullopt;
  std::uint32_t quality = 0;
  std::from_chars(fields[1].data(), fields[1].data() + fields[1].size(), quality);
  if (quality > 100) return std::nullopt;
  if (quality < kMinimumQuality) {
    sink.Note(kLowQualityNote);
    return absl::OkStatus();
  }
  if (fields.size() == 7 && fields[3] != "original") {
    sink.Note("PDQ of a turned picture, left out");
    return absl::OkStatus();
  }
  entry.mutable_codes(0)->set_quality(quality);
  entry.set_source_ref(SourceRef(fields.back()));
  return sink.Take(std::move(entry), place);
}

absl::Status TakeLine(std::string_view text, const Place& place, const ReadOptions& options,
                      Sink& sink) {
  if (const auto taken = TakeKithHash(text, place, sink)) return *taken;
  absl::StatusOr<ListLine> line = ParseListLine(text, options.kind64, false);
  if (!line.ok()) {
    const auto message = line.status().message();
    return sink.Problem(place, std::string(message.data(), message.size()));
  }
  if (line->blank) return absl::OkStatus();
  ListEntry entry(options, sink);
  std::string why = entry.TakeHash(std::move(line->hash));
  if (why.empty()) why = entry.TakeText(line->text);
  if (!why.empty()) return sink.Problem(place, std::move(why));
  if (entry.left_out()) return absl::OkStatus();
  if (IsEmptyFile(entry.entry().digests())) {
    sink.Note(kEmptyFileNote);
    return absl::OkStatus();
  }
  return sink.Take(std::move(entry.entry()), place);
}

}  // namespace

absl::Status CutOff::Look(std::size_t measure) {
  if (!lines_.whole()) {
    if (mixed_ || measure_ == 0 || measure >= measure_) return absl::OkStatus();
    return absl::InvalidArgumentError(fmt::format(
        "the file ends in the middle, in line {}: it is cut off; fetch it again", lines_.number()));
  }
  mixed_ = mixed_ || (measure_ != 0 && measure != measure_);
  measure_ = measure;
  return absl::OkStatus();
}

absl::Status ReadList(Source& source, const ReadOptions& options, Sink& sink) {
  Lines lines(source, kMaxListLineBytes);
  CutOff cut_off(lines);
  return ForEachLine(lines, [&](std::string_view text, const Place& place) {
    const std::string_view hash = HashField(text);
    if (hash.empty() || hash.front() == '#') return absl::OkStatus();
    if (auto status = cut_off.Look(hash.size()); !status.ok()) return status;
    return TakeLine(text, place, options, sink);
  });
}

std::string PlaceText(const Place& place) {
  switch (place.unit) {
    case Place::Unit::kLine:
      return fmt::format("line {}", place.number);
    case Place::Unit::kByte:
      return fmt::format("byte {}", place.number);
    case Place::Unit::kRow:
      return fmt::format("row {}", place.number);
  }
  return "";
}

}  // namespace kith::exchange
