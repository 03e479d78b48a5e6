// SPDX-License-Identifier: Apache-2.0
//
// Purpose: read the golden tables: tab-separated, one header line that starts with '#'.
#pragma once

#include <fstream>
#include <string>
#include <vector>

namespace kith::golden {

using Row = std::vector<std::string>;

// No rows if the file cannot be read; tests check the number they expect.
inline std::vector<Row> ReadGoldenFile(const std::string& path) {
  std::vector<Row> rows;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    Row row;
    for (std::size_t from = 0; from <= line.size();) {
      const std::size_t to = std::min(line.find('\t', from), line.size());
      row.push_back(line.substr(from, to - from));
      from = to + 1;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace kith::golden
