// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tools/exchange/internal/entry_fields.h"
#include "tools/exchange/internal/readers.h"

namespace kith::exchange {
namespace {

constexpr std::size_t kMaxCategoryDigits = 3;

// What stands behind the hash: of some lists first a category, a number. Whose it is no list tells,
// and a code without its scheme means nothing: so only where a person said the scheme.
void TakeText(std::string_view text, const std::string& scheme, Entry& entry, Sink& sink) {
  const std::size_t end = std::min(text.find_first_of(",\t"), text.size());
  const std::string_view first = Trimmed(text.substr(0, end));
  const bool number = !first.empty() && first.size() <= kMaxCategoryDigits &&
                      first.find_first_not_of("0123456789") == std::string_view::npos;
  if (number && !scheme.empty()) {
    entry.mutable_category()->set_scheme(scheme);
    entry.mutable_category()->set_code(std::string(first));
    text = Trimmed(text.substr(std::min(end + 1, text.size())));
  } else if (number) {
    sink.Note("number behind a hash, taken as text (--scheme NAME takes it for a category)");
  }
  entry.set_source_ref(std::string(text));
}

}  // namespace

absl::Status ReadList(Source& source, const ReadOptions& options, Sink& sink) {
  Lines lines(source, kMaxListLineBytes);
  std::string text;
  while (true) {
    const auto more = lines.Next(text);
    if (!more.ok()) return more.status();
    if (!*more) return absl::OkStatus();
    const Place place{Place::Unit::kLine, lines.number()};
    absl::StatusOr<ListLine> line = ParseListLine(text, options.kind64, false);
    absl::Status status;
    if (!line.ok()) {
      const auto message = line.status().message();
      status = sink.Problem(place, std::string(message.data(), message.size()));
    } else if (!line->blank && IsEmptyFile(line->hash.digests)) {
      sink.Note(kEmptyFileNote);
    } else if (!line->blank) {
      Entry entry;
      TakeText(line->text, options.scheme, entry, sink);
      *entry.mutable_digests() = std::move(line->hash.digests);
      if (!line->hash.pdq.empty()) {
        v1::Code& code = *entry.add_codes();
        code.set_pdq(std::move(line->hash.pdq));
        code.mutable_view()->set_crop(v1::CROP_ORIGINAL);
        code.set_orientation(v1::ORIENTATION_ORIGINAL);
        code.set_dialect(options.dialect);
      }
      status = sink.Take(std::move(entry), place);
    }
    if (!status.ok()) return status;
  }
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
