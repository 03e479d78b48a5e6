// SPDX-License-Identifier: Apache-2.0
//
// What ThreatExchange's tools write: signal files ("pdq <hash>" a line), their CSV, and the
// "[hash=]<hash>[,text]" lists of the PDQ programs.
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "tools/exchange/internal/csv_line.h"
#include "tools/exchange/internal/cut_off.h"
#include "tools/exchange/internal/each_line.h"
#include "tools/exchange/internal/entry_fields.h"
#include "tools/exchange/internal/readers.h"
#include "tools/report/path_text.h"

namespace kith::exchange {
namespace {

constexpr std::string_view kCsvHeader = "signal_type,signal_str";
constexpr std::size_t kMaxTypeBytes = 64;

enum class Signal { kPdq, kMd5, kSha1, kSha256, kOther };

Signal SignalOf(std::string_view type) {
  constexpr std::array<std::pair<std::string_view, Signal>, 6> kTypes = {
      {{"pdq", Signal::kPdq},
       {"md5", Signal::kMd5},
       {"video_md5", Signal::kMd5},
       {"sha1", Signal::kSha1},
       {"sha256", Signal::kSha256},
       {"image_pdq", Signal::kPdq}}};
  for (const auto& [name, signal] : kTypes) {
    if (EqualIgnoringCase(type, name)) return signal;
  }
  return Signal::kOther;
}

bool IsType(std::string_view type) {
  return !type.empty() && type.size() <= kMaxTypeBytes &&
         type.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
             std::string_view::npos;
}

bool TakeSignal(Signal signal, std::string_view value, v1::Dialect dialect, Entry& entry) {
  switch (signal) {
    case Signal::kPdq:
      return TakePdq(value, dialect, entry);
    case Signal::kMd5:
      return TakeDigest(DigestKind::kMd5, value, *entry.mutable_digests());
    case Signal::kSha1:
      return TakeDigest(DigestKind::kSha1, value, *entry.mutable_digests());
    case Signal::kSha256:
      return TakeDigest(DigestKind::kSha256, value, *entry.mutable_digests());
    default:
      return false;
  }
}

// Hands over one signal. `wrong` of a value that is none of its type.
absl::Status Emit(std::string_view type, std::string_view value, Entry entry, const Place& place,
                  const ReadOptions& options, Sink& sink) {
  const Signal signal = SignalOf(type);
  if (signal == Signal::kOther) {
    if (!IsType(type)) return sink.Problem(place, "no signal type");
    sink.Note("signal of type " + std::string(type) + ", which is not matched");
    return absl::OkStatus();
  }
  if (!TakeSignal(signal, value, options.dialect, entry)) {
    return sink.Problem(place, "a value of " + std::to_string(value.size()) +
                                   " characters that is no " + std::string(type));
  }
  if (IsEmptyFile(entry.digests())) {
    sink.Note(kEmptyFileNote);
    return absl::OkStatus();
  }
  return sink.Take(std::move(entry), place);
}

// The words of ThreatExchange; empty: nobody said one.
enum class Class { kNone, kPositive, kSeed, kNegative, kDisputed, kUnknown };

Class ClassOf(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, Class>, 5> kClasses = {
      {{"", Class::kNone},
       {"POSITIVE_CLASS", Class::kPositive},
       {"INVESTIGATION_SEED", Class::kSeed},
       {"NEGATIVE_CLASS", Class::kNegative},
       {"DISPUTED", Class::kDisputed}}};
  for (const auto& [name, one] : kClasses) {
    if (EqualIgnoringCase(word, name)) return one;
  }
  return Class::kUnknown;
}

// "NEGATIVE_CLASS" says that a signal is harmless: such a one is no known file, and the others no
// benign ones. Why it is left out; "" where it is taken.
std::string_view WhyLeftOut(Class of, v1::Purpose purpose) {
  if (of == Class::kDisputed) return "signal that is DISPUTED, left out";
  if ((of == Class::kNegative) == (purpose == v1::PURPOSE_BENIGN)) return "";
  return purpose == v1::PURPOSE_BENIGN
             ? "signal that is not of NEGATIVE_CLASS, not taken into a benign set"
             : "signal of NEGATIVE_CLASS, not taken into a set of known files";
}

}  // namespace

bool LooksLikeThreatExchangeCsv(std::string_view head) {
  return FirstLine(head).starts_with(kCsvHeader);
}

absl::Status ReadThreatExchangeCsv(Source& source, const ReadOptions& options, Sink& sink) {
  CsvHeader header;
  const auto row = [&](const std::vector<std::string>& fields, const Place& place) {
    Entry entry;
    const int type = header.Find("signal_type");
    const int value = header.Find("signal_str");
    const int category = header.Find("category");
    const std::string_view code = FieldAt(fields, category);
    entry.set_source_ref(SourceRef(FieldAt(fields, header.Find("collab"))));
    if (!code.empty() && code.size() <= 64 && report::WhyNoText(code).empty()) {
      entry.mutable_category()->set_scheme("threatexchange");
      entry.mutable_category()->set_code(std::string(code));
    }
    std::string carried =
        CarriedFields(header, fields, {type, value, category}, options.keep_text, sink);
    if (!carried.empty()) {
      entry.mutable_carried()->set_format("threatexchange");
      entry.mutable_carried()->set_data(std::move(carried));
    }
    const Class of = ClassOf(code);
    if (of == Class::kUnknown) {
      return sink.Problem(place, "a category that is none of ThreatExchange's");
    }
    if (const std::string_view why = WhyLeftOut(of, options.purpose); !why.empty()) {
      sink.Note(why);
      return absl::OkStatus();
    }
    return Emit(FieldAt(fields, type), FieldAt(fields, value), std::move(entry), place, options,
                sink);
  };
  return ForEachRow(source, ',', {"signal_type", "signal_str"}, header, sink, row);
}

bool LooksLikeSignals(std::string_view head) {
  const std::string_view line = FirstLine(head);
  const std::size_t blank = line.find(' ');
  return blank != std::string_view::npos && SignalOf(line.substr(0, blank)) != Signal::kOther &&
         FromHex(Trimmed(line.substr(blank))).has_value();
}

absl::Status ReadSignals(Source& source, const ReadOptions& options, Sink& sink) {
  Lines lines(source, kMaxCsvLineBytes);
  CutOff cut_off(lines);
  return ForEachLine(lines, [&](std::string_view text, const Place& place) {
    const std::string_view line = Trimmed(text);
    const std::size_t blank = line.find(' ');
    if (text.size() > kMaxCsvLineBytes || blank == std::string_view::npos) {
      return sink.Problem(place, "no signal type and value");
    }
    const std::string_view value = Trimmed(line.substr(blank));
    if (auto status = cut_off.Look(value.size()); !status.ok()) return status;
    return Emit(line.substr(0, blank), value, {}, place, options, sink);
  });
}

namespace {

// Of the text behind a hash: "quality=97,filename=a.jpg" or "97,a.jpg", as pdq-photo-hasher has it.
std::optional<std::uint32_t> QualityIn(std::string_view text) {
  constexpr std::string_view kName = "quality=";
  std::string_view digits = text.substr(0, text.find(','));
  const std::size_t at = text.find(kName);
  if (at != std::string_view::npos && (at == 0 || text[at - 1] == ',')) {
    digits = text.substr(at + kName.size());
    digits = digits.substr(0, digits.find(','));
  } else if (digits.size() == text.size()) {
    return std::nullopt;  // a number alone is a name
  }
  std::uint32_t quality = 0;
  digits = Trimmed(digits);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), quality);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  return whole && quality <= 100 ? std::optional(quality) : std::nullopt;
}

}  // namespace

bool LooksLikePdqList(std::string_view head) {
  const std::string_view line = FirstLine(head);
  if (line.starts_with("hash=")) return true;
  return line.size() > 69 && line.substr(64, 5) == ",idx=" && FromHex(line.substr(0, 64));
}

absl::Status ReadPdqList(Source& source, const ReadOptions& options, Sink& sink) {
  Lines lines(source, kMaxListLineBytes);
  CutOff cut_off(lines);
  return ForEachLine(lines, [&](std::string_view text, const Place& place) {
    std::string_view line = Trimmed(text);
    if (line.front() == '#') return absl::OkStatus();
    if (line.starts_with("hash=")) line.remove_prefix(5);
    const std::size_t comma = std::min(line.find(','), line.size());
    const std::string_view hash = Trimmed(line.substr(0, comma));
    if (auto status = cut_off.Look(hash.size()); !status.ok()) return status;
    if (text.size() > kMaxListLineBytes) return sink.Problem(place, "longer than 4096 bytes");
    const std::string_view behind = Trimmed(line.substr(std::min(comma + 1, line.size())));
    Entry entry;
    entry.set_source_ref(SourceRef(behind));
    if (!TakePdq(hash, options.dialect, entry)) {
      return sink.Problem(place, std::to_string(hash.size()) +
                                     " characters that are no PDQ hash: it has 64 hexadecimal "
                                     "digits");
    }
    if (const auto quality = QualityIn(behind)) {
      if (*quality < kMinimumQuality) {
        sink.Note(kLowQualityNote);
        return absl::OkStatus();
      }
      entry.mutable_codes(0)->set_quality(*quality);
    }
    return sink.Take(std::move(entry), place);
  });
}

}  // namespace kith::exchange
