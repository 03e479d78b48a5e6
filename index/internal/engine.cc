// SPDX-License-Identifier: Apache-2.0
#include "index/internal/engine.h"

#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <faiss/IndexBinaryFlat.h>
#include <faiss/IndexBinaryHash.h>
#include <faiss/impl/AuxIndexStructures.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "index/internal/join_dispatch.h"
#include "index/internal/multi_index_hash.h"
#include "index/internal/simd_dispatch.h"

namespace kith::index::internal {
namespace {

// FAISS runs its loops with OpenMP. The callers' threads are the only pool of the process, so a
// call of FAISS gets one thread; the setting belongs to the calling thread and is put back.
class OneOmpThread {
 public:
  OneOmpThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneOmpThread() { omp_set_num_threads(before_); }
  OneOmpThread(const OneOmpThread&) = delete;
  OneOmpThread& operator=(const OneOmpThread&) = delete;

 private:
  int before_;
};

// Sixteen tables of sixteen bits, each probed with at most one bit flipped: a code within 31 bits
// differs by at most one bit in some table, as two in each of the sixteen would be 32.
constexpr int kBands = 16;
constexpr int kBandBits = 16;
constexpr int kBandFlips = 1;
constexpr int kMultiHashRadiusBits = kBands * (kBandFlips + 1) - 1;

// FAISS 1.7.3 reads each band as eight bytes, so of the last code it reads up to six bytes beyond
// the end of what it was given. It gets copies with room behind them, a few codes at a time.
class PaddedCodes {
 public:
  static constexpr std::int64_t kCodesAtOnce = 4096;

  const std::uint8_t* Copy(std::int64_t count, const std::uint8_t* codes) {
    const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(Code);
    bytes_.resize(bytes + sizeof(std::uint64_t));
    std::memcpy(bytes_.data(), codes, bytes);
    return bytes_.data();
  }

 private:
  std::vector<std::uint8_t> bytes_;
};

class MultiHash final : public faiss::IndexBinaryMultiHash {
 public:
  MultiHash() : faiss::IndexBinaryMultiHash(kCodeBits, kBands, kBandBits) { nflip = kBandFlips; }

  void add(idx_t n, const std::uint8_t* x) override {
    PaddedCodes padded;
    for (idx_t first = 0; first < n; first += PaddedCodes::kCodesAtOnce) {
      const idx_t count = std::min(PaddedCodes::kCodesAtOnce, n - first);
      faiss::IndexBinaryMultiHash::add(count, padded.Copy(count, x + first * code_size));
    }
  }
  void range_search(idx_t n, const std::uint8_t* x, int radius, faiss::RangeSearchResult* result,
                    const faiss::SearchParameters* params) const override {
    PaddedCodes padded;
    faiss::IndexBinaryMultiHash::range_search(n, padded.Copy(n, x), radius, result, params);
  }
  // FAISS keeps the codes but does not give them back.
  void reconstruct(idx_t key, std::uint8_t* recons) const override {
    storage->reconstruct(key, recons);
  }
};

std::unique_ptr<faiss::IndexBinary> MakeScan(SimdTarget simd, int) {
  return std::make_unique<ScanIndex>(ScanKernelOf(simd));
}

std::unique_ptr<faiss::IndexBinary> MakeMultiIndexHash(SimdTarget simd, int bands) {
  return std::make_unique<MultiIndexHash>(JoinKernelOf(simd), ScanKernelOf(simd),
                                          MultiIndexHashOptions{.bands = bands});
}

std::unique_ptr<faiss::IndexBinary> MakeFlat(SimdTarget, int) {
  return std::make_unique<faiss::IndexBinaryFlat>(kCodeBits);
}

std::unique_ptr<faiss::IndexBinary> MakeMultiHash(SimdTarget, int) {
  return std::make_unique<MultiHash>();
}

std::size_t ScanBytes(const faiss::IndexBinary& index) {
  return static_cast<const ScanIndex&>(index).Bytes();
}

std::size_t MultiIndexHashBytes(const faiss::IndexBinary& index) {
  return static_cast<const MultiIndexHash&>(index).Bytes();
}

std::size_t FlatBytes(const faiss::IndexBinary& index) {
  return static_cast<const faiss::IndexBinaryFlat&>(index).xb.capacity();
}

// What glibc's allocator takes for a small request: a word more, a multiple of 16, at least 32.
constexpr std::size_t AllocatedBytes(std::size_t requested) {
  return std::max<std::size_t>(32, (requested + 8 + 15) / 16 * 16);
}

std::size_t MultiHashBytes(const faiss::IndexBinary& index) {
  const auto& multi_hash = static_cast<const MultiHash&>(index);
  std::size_t bytes = multi_hash.storage->xb.capacity();
  for (const auto& map : multi_hash.maps) {
    bytes += map.bucket_count() * sizeof(void*);
    // A node of libstdc++ is a pointer and the pair.
    bytes += map.size() * AllocatedBytes(sizeof(void*) + sizeof(*map.begin()));
    for (const auto& [hash, ids] : map) bytes += AllocatedBytes(ids.capacity() * sizeof(ids[0]));
  }
  return bytes;
}

// Queries that pass over the codes together. More bring a scan nothing.
constexpr std::size_t kScanQueries = 256;
// A join costs a query the less the more there are: with a million it takes some 100 MB.
constexpr std::size_t kJoinQueries = std::size_t{1} << 20;

constexpr Engine kEngines[] = {
    {"scan", kCodeBits, &MakeScan, kScanQueries, &ScanBytes},
    {"mih", kCodeBits, &MakeMultiIndexHash, kJoinQueries, &MultiIndexHashBytes, true, true},
    {"faiss-flat", kCodeBits, &MakeFlat, kScanQueries, &FlatBytes},
    {"faiss-multihash", kMultiHashRadiusBits, &MakeMultiHash, kScanQueries, &MultiHashBytes},
};

}  // namespace

std::span<const Engine> Engines() { return kEngines; }

absl::StatusOr<const Engine*> FindEngine(std::string_view name) {
  std::string names;
  for (const Engine& engine : kEngines) {
    if (engine.name == name) return &engine;
    absl::StrAppend(&names, names.empty() ? "" : ", ", std::string(engine.name));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unknown index engine '", std::string(name), "'; use one of ", names));
}

void SearchEngine(const faiss::IndexBinary& index, std::span<const Code> queries, int radius_bits,
                  PairSink sink) {
  if (const auto* stream = dynamic_cast<const PairStream*>(&index)) {
    stream->StreamPairs(queries, radius_bits, sink);
    return;
  }
  // FAISS keeps all pairs of a call in memory, so it gets few queries at once.
  constexpr std::size_t kQueriesAtOnce = 16;
  const OneOmpThread one_thread;
  for (std::size_t first = 0; first < queries.size(); first += kQueriesAtOnce) {
    const std::size_t count = std::min(kQueriesAtOnce, queries.size() - first);
    faiss::RangeSearchResult result(count);
    // Its radius is exclusive.
    index.range_search(static_cast<faiss::IndexBinary::idx_t>(count), queries[first].data(),
                       radius_bits + 1, &result);
    for (std::size_t query = 0; query < count; ++query) {
      for (std::size_t at = result.lims[query]; at < result.lims[query + 1]; ++at) {
        sink(first + query, static_cast<std::size_t>(result.labels[at]),
             static_cast<int>(result.distances[at]));
      }
    }
  }
}

void FillEngine(faiss::IndexBinary& index, std::span<const Code> codes) {
  if (codes.empty()) return;
  const OneOmpThread one_thread;
  index.add(static_cast<faiss::IndexBinary::idx_t>(codes.size()), codes.front().data());
}

}  // namespace kith::index::internal
