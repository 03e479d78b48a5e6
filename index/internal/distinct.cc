// SPDX-License-Identifier: Apache-2.0
#include "index/internal/distinct.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace kith::index::internal {
namespace {

// So many that a bucket holds some 64 codes or, of very many, what still fits the nearest cache.
std::size_t BucketsFor(std::size_t rows) {
  constexpr int kMostBits = 16;
  const int bits = static_cast<int>(std::bit_width(rows)) - 6;
  return std::size_t{1} << std::clamp(bits, 0, kMostBits);
}

// 32 bits that the bucket does not depend on, above the number of the row.
std::uint64_t SortKeyOf(const RawCode& code, std::size_t row) {
  return (code[0] >> 16 & 0xffffffff) << 32 | row;
}

// `keys` agree in bucket and upper half, so the codes may well be the same. Points each row to the
// first one with the same code.
bool LinkEqual(const HugeArray<RawCode>& rows, std::span<std::uint64_t> keys,
               HugeArray<std::uint32_t>& first_row) {
  const auto row_of = [](std::uint64_t key) { return static_cast<std::uint32_t>(key); };
  std::sort(keys.begin(), keys.end(), [&](std::uint64_t a, std::uint64_t b) {
    const RawCode& code_a = rows[row_of(a)];
    const RawCode& code_b = rows[row_of(b)];
    return code_a != code_b ? code_a < code_b : a < b;
  });
  bool linked = false;
  for (std::size_t at = 1; at < keys.size(); ++at) {
    if (rows[row_of(keys[at])] != rows[row_of(keys[at - 1])]) continue;
    first_row[row_of(keys[at])] = first_row[row_of(keys[at - 1])];
    linked = true;
  }
  return linked;
}

// For each row the first one with the same code; true if some code occurs twice.
bool LinkRepeated(const HugeArray<RawCode>& rows, HugeArray<std::uint32_t>& first_row) {
  const std::size_t buckets = BucketsFor(rows.size());
  const auto bucket_of = [&](const RawCode& code) { return code[0] & (buckets - 1); };
  std::vector<std::size_t> starts(buckets + 1);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    first_row[row] = static_cast<std::uint32_t>(row);
    ++starts[bucket_of(rows[row])];
  }
  std::size_t sum = 0;
  for (std::size_t& start : starts) start = sum += start;
  HugeArray<std::uint64_t> keys(rows.size());
  for (std::size_t row = rows.size(); row-- > 0;) {
    keys[--starts[bucket_of(rows[row])]] = SortKeyOf(rows[row], row);
  }
  bool repeated = false;
  for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
    std::uint64_t* const end = keys.data() + starts[bucket + 1];
    std::sort(keys.data() + starts[bucket], end);
    for (std::uint64_t* run = keys.data() + starts[bucket]; run != end;) {
      std::uint64_t* next = run + 1;
      while (next != end && *next >> 32 == *run >> 32) ++next;
      if (next - run > 1) repeated |= LinkEqual(rows, {run, next}, first_row);
      run = next;
    }
  }
  return repeated;
}

}  // namespace

Distinct FindDistinct(HugeArray<RawCode> rows) {
  HugeArray<std::uint32_t> first_row(rows.size());
  Distinct distinct;
  if (!LinkRepeated(rows, first_row)) {
    distinct.codes = std::move(rows);
    return distinct;
  }
  std::size_t count = 0;
  for (std::size_t row = 0; row < rows.size(); ++row) count += first_row[row] == row ? 1 : 0;
  distinct.codes = HugeArray<RawCode>(count);
  distinct.position_of_row = HugeArray<std::uint32_t>(rows.size());
  distinct.row_starts = HugeArray<std::uint32_t>(count + 1);
  distinct.rows = HugeArray<std::uint32_t>(rows.size());
  std::uint32_t position = 0;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (first_row[row] == row) {
      distinct.codes[position] = rows[row];
      distinct.position_of_row[row] = position++;
    } else {
      distinct.position_of_row[row] = distinct.position_of_row[first_row[row]];
    }
    ++distinct.row_starts[distinct.position_of_row[row]];
  }
  std::uint32_t sum = 0;
  for (std::size_t at = 0; at <= count; ++at) {
    distinct.row_starts[at] = sum += distinct.row_starts[at];
  }
  for (std::size_t row = rows.size(); row-- > 0;) {
    distinct.rows[--distinct.row_starts[distinct.position_of_row[row]]] =
        static_cast<std::uint32_t>(row);
  }
  return distinct;
}

}  // namespace kith::index::internal
