// SPDX-License-Identifier: Apache-2.0
#include "tools/exchange/internal/long_lists.h"

#include <algorithm>
#include <vector>

#include "tools/exchange/internal/json_marks.h"

namespace kith::exchange {
namespace {

// The items of a member that is a list or an object.
struct List {
  std::size_t begin = 0;          // behind its bracket
  std::vector<std::size_t> ends;  // of its items
};

std::vector<List> ListsOf(std::string_view object) {
  std::vector<List> lists;
  ForEachMark(object, [&](std::size_t at, int depth) {
    if (depth != 2) return;
    if (object[at] == '{' || object[at] == '[') {
      lists.push_back({.begin = at + 1, .ends = {}});
    } else {
      lists.back().ends.push_back(at);
    }
  });
  return lists;
}

std::size_t BytesOf(const List& list) { return list.ends.back() - list.begin; }

// How long each list may be so that all of them take `bytes`.
std::size_t MostOfEach(const std::vector<List>& lists, std::size_t bytes) {
  std::vector<std::size_t> sizes;
  sizes.reserve(lists.size());
  for (const List& list : lists) sizes.push_back(BytesOf(list));
  std::sort(sizes.begin(), sizes.end());
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::size_t share = bytes / (sizes.size() - i);
    if (sizes[i] > share) return share;
    bytes -= sizes[i];
  }
  return std::string_view::npos;
}

}  // namespace

std::string WithShortLists(std::string_view object, std::size_t max_bytes,
                           std::uint64_t& left_out) {
  if (object.size() <= max_bytes) return std::string(object);
  const std::vector<List> lists = ListsOf(object);
  std::size_t others = object.size();
  for (const List& list : lists) others -= BytesOf(list);
  if (others > max_bytes) return "";
  const std::size_t most = MostOfEach(lists, max_bytes - others);
  std::string out;
  std::size_t written = 0;
  for (const List& list : lists) {
    if (BytesOf(list) <= most) continue;
    const auto behind = std::upper_bound(list.ends.begin(), list.ends.end(), list.begin + most);
    left_out += static_cast<std::uint64_t>(list.ends.end() - behind);
    const std::size_t end = behind == list.ends.begin() ? list.begin : *(behind - 1);
    out += object.substr(written, end - written);
    written = list.ends.back();
  }
  return out.append(object.substr(written));
}

}  // namespace kith::exchange
