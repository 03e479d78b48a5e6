// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "absl/functional/function_ref.h"
#include "index/hamming_index.h"

namespace kith::index::internal {

// Codes with their labels, side by side.
struct Rows {
  std::vector<Code> codes;
  std::vector<Label> labels;

  [[nodiscard]] std::size_t size() const { return codes.size(); }
  void Add(const Code& code, const Label& label) {
    codes.push_back(code);
    labels.push_back(label);
  }
};

// Told of each code within the radius that is not withdrawn.
using LabelSink = absl::FunctionRef<void(std::size_t query, const Label& label, int distance_bits)>;

}  // namespace kith::index::internal
