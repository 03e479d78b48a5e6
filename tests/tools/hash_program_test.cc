// SPDX-License-Identifier: Apache-2.0
// `kith hash` of the program itself, against the golden rows: from the file to the printed line.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/golden/golden_file.h"
#include "tests/golden/synthetic_picture.h"
#include "tests/tools/program_fixture.h"

namespace kith {
namespace {

using golden::Row;
using test::Outcome;
using test::ProgramTest;

// The columns of codes in pdq_synthetic.tsv, in its order.
constexpr std::array<const char*, 8> kOrientations = {
    "original", "rotate90", "rotate180", "rotate270", "flipx", "flipy", "flipplus1", "flipminus1"};
constexpr std::size_t kFirstCode = 5;

// Without loss; `rgb` has its rows from the top, a BMP from the bottom, each filled up to four
// bytes.
std::string Bmp(const std::vector<std::uint8_t>& rgb, int width, int height) {
  std::string bmp(54, '\0');
  bmp[0] = 'B', bmp[1] = 'M', bmp[10] = 54, bmp[14] = 40, bmp[26] = 1, bmp[28] = 24;
  const auto row_bytes = 3 * static_cast<std::size_t>(width);
  for (int row = height - 1; row >= 0; --row) {
    const std::size_t begin = static_cast<std::size_t>(row) * row_bytes;
    for (std::size_t at = begin; at < begin + row_bytes; at += 3) {
      for (const std::size_t channel : {2U, 1U, 0U}) {
        bmp.push_back(static_cast<char>(rgb[at + channel]));
      }
    }
    bmp.append((4 - row_bytes % 4) % 4, '\0');
  }
  const auto put = [&bmp](std::size_t at, std::size_t value) {
    for (std::size_t i = 0; i < 4; ++i) bmp[at + i] = static_cast<char>((value >> (8 * i)) & 0xFFU);
  };
  put(2, bmp.size());
  put(18, static_cast<std::size_t>(width));
  put(22, static_cast<std::size_t>(height));
  return bmp;
}

class HashProgramTest : public ProgramTest {
 protected:
  // The golden row, whose picture lies in ID.bmp from now on.
  [[nodiscard]] Row Draw(const std::string& id) const {
    const auto rows = golden::ReadGoldenFile(KITH_GOLDEN_DIR "/pdq_synthetic.tsv");
    const auto row =
        std::find_if(rows.begin(), rows.end(), [&id](const Row& one) { return one[0] == id; });
    if (row == rows.end() || row->size() != kFirstCode + kOrientations.size()) {
      ADD_FAILURE() << "there is no whole row " << id;
      return Row(kFirstCode + kOrientations.size());
    }
    const int width = std::stoi((*row)[2]);
    const int height = std::stoi((*row)[3]);
    const auto seed = static_cast<std::uint32_t>(std::stoul((*row)[1]));
    scratch_.Write(id + ".bmp", Bmp(golden::SyntheticPicture(seed, width, height), width, height));
    return *row;
  }
};

TEST_F(HashProgramTest, PrintsAllEightOrientationsEachWithItsCode) {
  // A square, and one that is not, of which the sides are told as the file has them.
  for (const std::string id : {"v2", "v31"}) {
    const Row row = Draw(id);
    std::string expected;
    for (std::size_t i = 0; i < kOrientations.size(); ++i) {
      expected += row[kFirstCode + i] + "\t" + row[4] + "\tfull\t" + kOrientations[i] + "\t" +
                  row[2] + "\t" + row[3] + "\t" + id + ".bmp\n";
    }
    const Outcome run = Kith("hash --orientations " + id + ".bmp");
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_EQ(run.out, expected);
    EXPECT_EQ(run.err, "");
  }
}

// It is compared by digest only. Who asks for its hash gets it, with the quality that tells why.
TEST_F(HashProgramTest, PrintsTheHashOfAPictureOfLowQuality) {
  const Row row = Draw("v1");
  ASSERT_EQ(row[4], "43");
  scratch_.Write("black.bmp", Bmp(std::vector<std::uint8_t>(std::size_t{3} * 96 * 80, 0), 96, 80));
  const Outcome run = Kith("hash v1.bmp black.bmp");
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.out, row[kFirstCode] + "\t43\tfull\t64\t64\tv1.bmp\n" + std::string(64, '0') +
                         "\t0\tfull\t96\t80\tblack.bmp\n");
  const auto lines = Lines(Kith("hash --json v1.bmp").out);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0]["disposition"], "low_quality");
  EXPECT_EQ(lines[0]["detail"], "quality 43 is below 50");
  EXPECT_EQ(lines[0]["pdq"], row[kFirstCode]);
  EXPECT_EQ(lines[0]["quality"], 43);
}

}  // namespace
}  // namespace kith
