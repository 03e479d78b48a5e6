// SPDX-License-Identifier: Apache-2.0
//
// Where exceptions of FAISS and of the standard library end.
#pragma once

#include <exception>
#include <new>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace kith::index::internal {

// Runs what may throw, and turns the exception into a Status, "index: WHAT WHICH failed: ...".
// `work` returns a Status, or nothing.
template <typename Work>
absl::Status Guarded(const char* what, absl::string_view which, Work&& work) {
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<Work>>) {
      std::forward<Work>(work)();
      return absl::OkStatus();
    } else {
      return std::forward<Work>(work)();
    }
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(absl::StrCat("index: out of memory while ", what, " ",
                                                     which,
                                                     "; give it less to do at once, or memory"));
  } catch (const std::exception& error) {
    return absl::InternalError(
        absl::StrCat("index: ", what, " ", which, " failed: ", error.what()));
  }
}

}  // namespace kith::index::internal
