// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "tools/kith/engine_link.h"
#include "tools/kith/program.h"

namespace kith::cli {

struct CaseExport {
  std::string case_name;
  std::string format;
  std::string out;     // empty: standard output
  std::string scheme;  // whose categories are wanted
  std::string who;
};

// Writes what is known of the files of a case, in a format that tools for seizures load, and puts
// on record that it was given out. Returns the exit code. Memory: one file of the case.
// Errors: INVALID_ARGUMENT for an output in the evidence, those of the service and of OutFile.
[[nodiscard]] absl::StatusOr<int> ExportCase(const Program& program, const CaseExport& flags,
                                             const std::shared_ptr<grpc::Channel>& channel);

}  // namespace kith::cli
