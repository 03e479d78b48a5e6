// SPDX-License-Identifier: Apache-2.0
//
// What ThreatExchange's tools write: signal files ("pdq <hash>" a line), their CSV, and the
// "[hash=]<hash>[,text]" lists of the PDQ programs.
#include <array>
#include <optional>
#include <utility>

#include "tools/exchange/internal/csv_line.h"
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

// "NEGATIVE_CLASS" says that a signal is harmless: such a one is no known file, and the others no
// benign ones.
bool FitsThePurpose(std::string_view category, v1::Purpose purpose) {
  return (category == "NEGATIVE_CLASS") == (purpose == v1::PURPOSE_BENIGN);
}

}  // namespace

bool LooksLikeThreatExchangeCsv(std::string_view head) {
  return FirstLine(head).starts_with(kCsvHeader);
}

absl::Status ReadThreatExchangeCsv(Source& source, const ReadOptions& options, Sink& sink) {
  Lines lines(source, kMaxCsvLineBytes);
  std::string text;
  CsvHeader header;
  std::vector<std::string> fields;
  while (true) {
    const auto more = lines.Next(text);
    if (!more.ok()) return more.status();
    if (!*more) return absl::OkStatus();
    const Place place{Place::Unit::kLine, lines.number()};
    if (Trimmed(text).empty()) continue;
    absl::Status status;
    if (header.names().empty()) {
      if (!header.Read(text, ',') || header.Find("signal_type") < 0 ||
          header.Find("signal_str") < 0) {
        return absl::InvalidArgumentError(
            "no ThreatExchange CSV: the first line names no columns "
            "signal_type and signal_str");
      }
    } else if (text.size() > kMaxCsvLineBytes || !SplitCsv(text, ',', fields)) {
      status = sink.Problem(place, "too long, or a quote that is not closed");
    } else {
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
      if (FitsThePurpose(code, options.purpose)) {
        status = Emit(FieldAt(fields, type), FieldAt(fields, value), std::move(entry), place,
                      options, sink);
      } else {
        sink.Note(options.purpose == v1::PURPOSE_BENIGN
                      ? "signal that is not of NEGATIVE_CLASS, not taken into a benign set"
                      : "signal of NEGATIVE_CLASS, not taken into a set of known files");
      }
    }
    if (!status.ok()) return status;
  }
}

bool LooksLikeSignals(std::string_view head) {
  const std::string_view line = FirstLine(head);
  const std::size_t blank = line.find(' ');
  return blank != std::string_view::npos && SignalOf(line.substr(0, blank)) != Signal::kOther &&
         FromHex(Trimmed(line.substr(blank))).has_value();
}

absl::Status ReadSignals(Source& source, const ReadOptions& options, Sink& sink) {
  Lines lines(source, kMaxCsvLineBytes);
  std::string text;
  while (true) {
    const auto more = lines.Next(text);
    if (!more.ok()) return more.status();
    if (!*more) return absl::OkStatus();
    const Place place{Place::Unit::kLine, lines.number()};
    const std::string_view line = Trimmed(text);
    if (line.empty()) continue;
    const std::size_t blank = line.find(' ');
    absl::Status status;
    if (text.size() > kMaxCsvLineBytes || blank == std::string_view::npos) {
      status = sink.Problem(place, "no signal type and value");
    } else {
      status = Emit(line.substr(0, blank), Trimmed(line.substr(blank)), {}, place, options, sink);
    }
    if (!status.ok()) return status;
  }
}

bool LooksLikePdqList(std::string_view head) {
  const std::string_view line = FirstLine(head);
  if (line.starts_with("hash=")) return true;
  return line.size() > 69 && line.substr(64, 5) == ",idx=" && FromHex(line.substr(0, 64));
}

absl::Status ReadPdqList(Source& source, const ReadOptions& options, Sink& sink) {
  Lines lines(source, kMaxListLineBytes);
  std::string text;
  while (true) {
    const auto more = lines.Next(text);
    if (!more.ok()) return more.status();
    if (!*more) return absl::OkStatus();
    const Place place{Place::Unit::kLine, lines.number()};
    std::string_view line = Trimmed(text);
    if (line.empty() || line.front() == '#') continue;
    if (line.starts_with("hash=")) line.remove_prefix(5);
    const std::size_t comma = std::min(line.find(','), line.size());
    const std::string_view hash = Trimmed(line.substr(0, comma));
    Entry entry;
    entry.set_source_ref(SourceRef(Trimmed(line.substr(std::min(comma + 1, line.size())))));
    absl::Status status;
    if (text.size() > kMaxListLineBytes) {
      status = sink.Problem(place, "longer than 4096 bytes");
    } else if (!TakePdq(hash, options.dialect, entry)) {
      status = sink.Problem(place, std::to_string(hash.size()) +
                                       " characters that are no PDQ hash: it has 64 hexadecimal "
                                       "digits");
    } else {
      status = sink.Take(std::move(entry), place);
    }
    if (!status.ok()) return status;
  }
}

}  // namespace kith::exchange
