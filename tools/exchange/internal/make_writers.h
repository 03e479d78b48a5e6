// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the writers, one a format; writers.h says what each does and how it fails.
//
// Thread-safety: as writers.h.
#pragma once

#include <memory>
#include <string>

#include "tools/exchange/writers.h"

namespace kith::exchange {

[[nodiscard]] std::unique_ptr<Writer> MakeVicsWriter(Output output);
[[nodiscard]] std::unique_ptr<Writer> MakeCsvWriter(Output output);
[[nodiscard]] std::unique_ptr<Writer> MakeJsonLinesWriter(Output output);
[[nodiscard]] std::unique_ptr<Writer> MakeNcmecVotesWriter(Output output);
// Errors: FAILED_PRECONDITION when the file is there or cannot be written.
[[nodiscard]] absl::StatusOr<std::unique_ptr<Writer>> MakeKdbWriter(const std::string& path);

}  // namespace kith::exchange
