// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <utility>

#include "tools/exchange/internal/entry_fields.h"
#include "tools/exchange/internal/readers.h"

namespace kith::exchange {

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
      entry.set_source_ref(std::move(line->text));
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
