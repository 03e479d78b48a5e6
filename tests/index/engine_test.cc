// SPDX-License-Identifier: Apache-2.0
#include "index/internal/engine.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "tests/index/truth.h"

namespace kith::index::internal {
namespace {

// Codes that end where readable memory ends.
class CodesBeforeTheEdge {
 public:
  explicit CodesBeforeTheEdge(const std::vector<Code>& codes)
      : page_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))),
        pages_(
            ::mmap(nullptr, 2 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)),
        bytes_(codes.size() * sizeof(Code)) {
    EXPECT_NE(pages_, MAP_FAILED);
    std::memcpy(Begin(), codes.data(), bytes_);
    EXPECT_EQ(::mprotect(static_cast<char*>(pages_) + page_, page_, PROT_NONE), 0);
  }
  ~CodesBeforeTheEdge() { ::munmap(pages_, 2 * page_); }
  CodesBeforeTheEdge(const CodesBeforeTheEdge&) = delete;
  CodesBeforeTheEdge& operator=(const CodesBeforeTheEdge&) = delete;

  std::span<const Code> Codes() const {
    return {reinterpret_cast<const Code*>(Begin()), bytes_ / sizeof(Code)};
  }

 private:
  char* Begin() const { return static_cast<char*>(pages_) + page_ - bytes_; }

  std::size_t page_;
  void* pages_;
  std::size_t bytes_;
};

// FAISS's multi-hash reads beyond its input; the process died where the memory ended there.
TEST(EngineTest, NoEngineReadsBeyondTheCodes) {
  RandomCodes random(1);
  const std::vector<Code> codes = random.Some(20);
  const CodesBeforeTheEdge edge(codes);
  for (const Engine& engine : Engines()) {
    SCOPED_TRACE(std::string(engine.name));
    const auto index = engine.make(*ActiveSimdTarget(), 0);
    FillEngine(*index, edge.Codes());
    std::vector<std::size_t> rows(codes.size());
    SearchEngine(*index, edge.Codes(), 31,
                 [&](std::size_t query, std::size_t row, int) { rows[query] = row; });
    for (std::size_t row = 0; row < rows.size(); ++row) EXPECT_EQ(rows[row], row);
  }
}

TEST(EngineTest, TellsItsMemory) {
  RandomCodes random(2);
  const std::vector<Code> codes = random.Some(5000);
  for (const Engine& engine : Engines()) {
    const auto index = engine.make(*ActiveSimdTarget(), 0);
    FillEngine(*index, codes);
    EXPECT_GE(engine.bytes(*index), codes.size() * sizeof(Code)) << engine.name;
  }
}

}  // namespace
}  // namespace kith::index::internal
