// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what is to be done, as HTML.
//
// Thread-safety: pure functions.
#pragma once

#include <cstddef>
#include <string>

#include "proto/kith/v1/report.pb.h"

namespace kith::report {

// What is to be done: new files to look at, people to tell. At most `most` rows a table. Pure,
// thread-safe, cannot fail.
[[nodiscard]] std::string WorklistBody(const v1::Report& report, std::size_t most);
[[nodiscard]] std::string NotificationsBody(const v1::Report& report, std::size_t most);

}  // namespace kith::report
