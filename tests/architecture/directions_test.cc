// SPDX-License-Identifier: Apache-2.0
// Reads every source file of the project and holds it to the directions of ARCHITECTURE.md. The
// checker itself is held to made-up violations first: a checker that cannot fail proves nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/architecture/rules.h"

namespace kith::architecture {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Case {
  const char* file;
  const char* target;
  bool quoted;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.file << " -> " << c.target; }

class Forbidden : public ::testing::TestWithParam<Case> {};
class Allowed : public ::testing::TestWithParam<Case> {};

TEST_P(Forbidden, IsFound) {
  const Case& c = GetParam();
  EXPECT_TRUE(ForbiddenInclude(c.file, {c.target, c.quoted, 1}).has_value());
}

TEST_P(Allowed, IsLeftAlone) {
  const Case& c = GetParam();
  EXPECT_EQ(ForbiddenInclude(c.file, {c.target, c.quoted, 1}), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(
    Directions, Forbidden,
    ::testing::Values(Case{"hashing/pdq.cc", "index/hamming_index.h", true},
                      Case{"hashing/pdq.cc", "proto/kith/v1/common.pb.h", true},
                      Case{"index/scan.cc", "hashing/pdq.h", true},
                      Case{"index/scan.cc", "server/engine.h", true},
                      Case{"tests/index/scan_test.cc", "hashing/pdq.h", true},
                      Case{"server/catalog/store.cc", "server/casework/ledger.h", true},
                      Case{"server/catalog/store.cc", "server/engine.h", true},
                      Case{"server/casework/ledger.cc", "server/rpc/service.h", true},
                      Case{"server/engine.cc", "server/rpc/service.h", true},
                      Case{"server/engine.h", "server/embedded.h", true},
                      Case{"server/rpc/service.cc", "server/embedded.h", true},
                      Case{"server/rpc/service.cc", "tools/scan/walk.h", true},
                      Case{"server/settings.h", "server/catalog/store.h", true},
                      Case{"server/net/acceptor.cc", "server/engine.h", true},
                      Case{"server/catalog/store.cc", "server/net/address.h", true},
                      Case{"server/engine_admin.cc", "server/net/address.h", true},
                      Case{"server/matcher.cc", "server/holder.h", true},
                      Case{"tools/kith/check.cc", "server/engine.h", true},
                      Case{"tools/kith/check.cc", "server/settings.h", true},
                      Case{"tools/kith/check.cc", "index/hamming_index.h", true},
                      Case{"tools/scan/walk.cc", "tools/kith/verbs.h", true},
                      Case{"tools/kith/check.cc", "bench/kith_bench/harness.h", true},
                      Case{"bench/pdq_bench.cc", "tests/hashing/pictures.h", true},
                      Case{"hashing/pdq.cc", "tests/hashing/pictures.h", true}));

INSTANTIATE_TEST_SUITE_P(
    Privacy, Forbidden,
    ::testing::Values(Case{"server/engine.cc", "index/internal/scan.h", true},
                      Case{"tests/end_to_end/x.cc", "hashing/internal/tent.h", true},
                      Case{"tests/index/x_test.cc", "hashing/internal/tent.h", true},
                      Case{"tools/kith/check.cc", "tools/scan/internal/queue.h", true}));

INSTANTIATE_TEST_SUITE_P(
    Libraries, Forbidden,
    ::testing::Values(Case{"hashing/pdq.h", "opencv2/core.hpp", false},
                      Case{"hashing/internal/png.cc", "opencv2/imgcodecs.hpp", false},
                      Case{"index/hamming_index.h", "faiss/IndexBinary.h", false},
                      Case{"hashing/pdq.cc", "boost/asio.hpp", false},
                      Case{"index/scan.cc", "opencv2/core.hpp", false},
                      Case{"server/engine.h", "grpcpp/grpcpp.h", false},
                      Case{"server/engine.cc", "grpcpp/grpcpp.h", false},
                      Case{"server/engine.cc", "proto/kith/v1/match.grpc.pb.h", true},
                      Case{"server/embedded.h", "grpcpp/channel.h", false},
                      Case{"server/catalog/store.h", "sqlite3.h", false},
                      Case{"server/rpc/service.cc", "sqlite3.h", false},
                      Case{"tools/kith/check.cc", "sqlite3.h", false},
                      Case{"tools/scan/pipeline.cc", "opencv2/imgcodecs.hpp", false}));

INSTANTIATE_TEST_SUITE_P(Paths, Forbidden,
                         ::testing::Values(Case{"hashing/pdq.cc", "pdq.h", true},
                                           Case{"hashing/pdq.cc", "../index/scan.h", true},
                                           Case{"hashing/pdq.cc", "hashing/pdq.h", false}));

INSTANTIATE_TEST_SUITE_P(
    Directions, Allowed,
    ::testing::Values(Case{"hashing/pdq.cc", "hashing/internal/tent.h", true},
                      Case{"bench/pdq_bench.cc", "opencv2/imgproc.hpp", false},
                      Case{"index/internal/flat.h", "faiss/IndexBinaryFlat.h", false},
                      Case{"server/casework/ledger.cc", "server/catalog/store.h", true},
                      Case{"server/catalog/store.cc", "sqlite3.h", false},
                      Case{"tools/exchange/kdb.cc", "sqlite3.h", false},
                      Case{"server/engine.cc", "index/hamming_index.h", true},
                      Case{"server/engine.h", "proto/kith/v1/match.pb.h", true},
                      Case{"server/rpc/service.h", "grpcpp/grpcpp.h", false},
                      Case{"server/embedded.cc", "server/rpc/service.h", true},
                      Case{"server/kithd.cc", "server/embedded.h", true},
                      Case{"server/store_lock.cc", "server/net/address.h", true},
                      Case{"server/holder.cc", "grpcpp/channel.h", false},
                      Case{"server/engine_admin.cc", "server/casework/ledger.h", true},
                      Case{"tools/kith/check.cc", "server/embedded.h", true},
                      Case{"tools/kith/check.cc", "tools/scan/walk.h", true},
                      Case{"tools/kith/check.cc", "proto/kith/v1/match.grpc.pb.h", true},
                      Case{"tests/hashing/tent_test.cc", "hashing/internal/tent.h", true},
                      Case{"tests/fuzz/png_fuzz.cc", "hashing/internal/png.h", true},
                      Case{"server/engine.h", "server/calls.h", true},
                      Case{"tests/index/x_test.cc", "tests/index/truth.h", true},
                      Case{"tests/tools/x_test.cc", "absl/status/status.h", true},
                      Case{"bench/pdq_bench.cc", "tests/golden/synthetic_picture.h", true},
                      Case{"bench/index_bench.cc", "index/hamming_index.h", true}));

TEST(ReadIncludes, TakesLinesAndLeavesCommentsOut) {
  std::vector<std::string> found;
  for (const Include& include : ReadIncludes("#include <a/b>\n"
                                             "// #include \"no/no.h\"\n"
                                             "/*\n#include \"no/no.h\"\n*/\n"
                                             "  #  include \"c/d.h\"  // why\n")) {
    found.push_back(std::to_string(include.line) + (include.quoted ? " own " : " other ") +
                    include.target);
  }
  EXPECT_THAT(found, ElementsAre("1 other a/b", "6 own c/d.h"));
}

TEST(ForbiddenPlace, KnowsTheHouse) {
  EXPECT_TRUE(ForbiddenPlace("common", true));
  EXPECT_TRUE(ForbiddenPlace("server/utils", true));
  EXPECT_TRUE(ForbiddenPlace("docs", true));
  EXPECT_TRUE(ForbiddenPlace("proto/helpers.h", false));
  EXPECT_FALSE(ForbiddenPlace("server/catalog", true));
  EXPECT_FALSE(ForbiddenPlace("cmake", true));
  EXPECT_FALSE(ForbiddenPlace("proto/kith/v1/match.proto", false));
}

TEST(ForbiddenBeginning, WantsThePurposeOfAPublicHeader) {
  const std::string licence = "// SPDX-License-Identifier: Apache-2.0\n";
  const std::string purpose = "//\n// Purpose: x.\n";
  const std::string threads = "//\n// Thread-safety: pure.\n";
  const std::string pragma = "#pragma once\n";
  for (const char* file : {"hashing/a.h", "index/a.h", "server/net/a.h", "tools/scan/a.h"}) {
    EXPECT_TRUE(ForbiddenBeginning(file, licence + pragma)) << file;
    EXPECT_TRUE(ForbiddenBeginning(file, licence + purpose + pragma)) << file;
    EXPECT_TRUE(ForbiddenBeginning(file, licence + threads + pragma + purpose)) << file;
    EXPECT_FALSE(ForbiddenBeginning(file, licence + purpose + threads + pragma)) << file;
  }
  for (const char* file : {"hashing/internal/a.h", "tools/kith/a.h", "tests/a.h", "server/a.cc"}) {
    EXPECT_FALSE(ForbiddenBeginning(file, licence + pragma)) << file;
  }
}

TEST(ForbiddenBeginning, WantsTheLicenceAndThePragma) {
  const std::string licence = "// SPDX-License-Identifier: Apache-2.0\n";
  EXPECT_TRUE(ForbiddenBeginning("a/b.cc", "#include <x>\n"));
  EXPECT_TRUE(ForbiddenBeginning("a/b.h", licence + "#ifndef X\n"));
  EXPECT_FALSE(ForbiddenBeginning("a/b.h", licence + "#pragma once\n"));
  EXPECT_FALSE(ForbiddenBeginning("a/b.cc", licence));
}

// Paths below the root, folders with a "/" at the end; what a build or a version control left is
// not looked at.
std::vector<std::string> Everything() {
  const fs::path root = KITH_SOURCE_DIR;
  std::vector<std::string> paths;
  for (auto it = fs::recursive_directory_iterator(root); it != fs::end(it); ++it) {
    const std::string name = it->path().filename().string();
    const std::string path = it->path().lexically_relative(root).string();
    if (name.starts_with(".") || path == "build" || name == "node_modules") {
      it.disable_recursion_pending();
      continue;
    }
    paths.push_back(it->is_directory() ? path + "/" : path);
  }
  return paths;
}

TEST(TheHouse, KeepsItsDirections) {
  std::vector<std::string> problems;
  int sources = 0;
  for (std::string path : Everything()) {
    const bool is_folder = path.back() == '/';
    if (is_folder) path.pop_back();
    if (auto why = ForbiddenPlace(path, is_folder)) problems.push_back(path + ": " + *why);
    if (is_folder || !(path.ends_with(".h") || path.ends_with(".cc"))) continue;
    ++sources;
    std::ifstream file(fs::path(KITH_SOURCE_DIR) / path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (auto why = ForbiddenBeginning(path, text)) problems.push_back(path + ":1: " + *why);
    for (const Include& include : ReadIncludes(text)) {
      if (auto why = ForbiddenInclude(path, include)) {
        problems.push_back(path + ":" + std::to_string(include.line) + ": " + include.target +
                           ": " + *why);
      }
    }
  }
  EXPECT_GT(sources, 3) << "no sources below " << KITH_SOURCE_DIR;
  EXPECT_THAT(problems, IsEmpty());
}

}  // namespace
}  // namespace kith::architecture
