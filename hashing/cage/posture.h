// SPDX-License-Identifier: Apache-2.0
//
// Purpose: say in words what holds a decoder in its cage on this machine, and what this kernel
// lacks; for `kith doctor`.
//
// Thread-safety: values.
#pragma once

#include <string>
#include <vector>

namespace kith::hashing::cage {

struct Measure {
  std::string name;  // stable, for programs: "seccomp"
  std::string what;  // for people: "system calls: an allow-list"
  bool enforced = false;
  std::string remark;  // how much, or why not; may be ""
};

struct Posture {
  std::string worker_path;
  std::vector<Measure> measures;  // always all of them, in a fixed order

  // True if nothing is lacking.
  [[nodiscard]] bool whole() const;
};

}  // namespace kith::hashing::cage
