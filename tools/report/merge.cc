// SPDX-License-Identifier: Apache-2.0
#include "tools/report/merge.h"

#include <utility>

namespace kith::report {

void MergeFragment(v1::Report fragment, v1::Report& report) {
  // Moved, not copied: one content may lie at millions of paths.
  for (v1::ReportFile& file : *fragment.mutable_files()) {
    v1::ReportFile* last =
        report.files().empty() ? nullptr : report.mutable_files(report.files_size() - 1);
    const bool joins = last != nullptr && file.continued() && file.sha256() == last->sha256();
    if (!joins) {
      *report.add_files() = std::move(file);
      continue;
    }
    for (std::string& path : *file.mutable_paths()) last->add_paths(std::move(path));
  }
  fragment.clear_files();
  report.MergeFrom(fragment);
}

}  // namespace kith::report
