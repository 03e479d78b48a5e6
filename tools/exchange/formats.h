// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the formats that Kith reads, told apart by their content.
//
// Thread-safety: constants and pure functions; a reader belongs to one thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "tools/exchange/record.h"
#include "tools/exchange/source.h"

namespace kith::exchange {

struct Format {
  std::string_view name;      // as in --format
  std::string_view describe;  // "VICS JSON (Project VIC, CAID)"
  // Whether a file that begins so is one. Formats are asked in their order.
  bool (*recognise)(std::string_view head);
  // Reads it to its end. Errors: INVALID_ARGUMENT for a file that cannot be this format or is cut
  // off (says where), FAILED_PRECONDITION for one that must not go into a set of this purpose,
  // DATA_LOSS when reading fails, and those of the sink. Constant memory.
  absl::Status (*read)(Source& source, const ReadOptions& options, Sink& sink);
  bool lines = false;     // people count its records as lines
  bool replaces = false;  // a record replaces what the source said under its source_ref before
};

[[nodiscard]] std::span<const Format> Formats();
// Null where there is none of this name.
[[nodiscard]] const Format* FindFormat(std::string_view name);
// The format of a file that begins so. Always one: what nothing else claims is a list.
// Errors: INVALID_ARGUMENT for content that is none of them (a picture, UTF-16).
[[nodiscard]] absl::StatusOr<const Format*> Recognise(std::string_view head);

}  // namespace kith::exchange
