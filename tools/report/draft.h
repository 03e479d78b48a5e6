// SPDX-License-Identifier: Apache-2.0
//
// Purpose: files that are still being written, which nobody is to find when the program ends early:
// they hold hashes.
//
// Thread-safety: a Draft belongs to one thread; RemoveDrafts may be called by any other.
#pragma once

#include <string>

namespace kith::report {

// A file under a name that nobody has, beside the one that it will have. It goes with this object,
// or when RemoveDrafts is called, until somebody has moved it to its own name.
class Draft {
 public:
  Draft() = default;
  ~Draft();
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  // Makes the file, for its owner alone: PATH.part-XXXXXX. Gives its descriptor, or -1 and errno.
  // Once for an object.
  [[nodiscard]] int Open(const std::string& path);
  // Where it is, or empty.
  [[nodiscard]] const std::string& name() const { return name_; }
  // The file has its own name now.
  void Moved();

 private:
  std::string name_;
};

// The last thing before the process ends at once, as at Ctrl-C: takes away all drafts there are.
// No other is made behind it: who tries to waits for ever.
void RemoveDrafts();

}  // namespace kith::report
