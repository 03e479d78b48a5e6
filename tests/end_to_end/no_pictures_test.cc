// SPDX-License-Identifier: Apache-2.0
// Fingerprints are kept, never pictures: nothing that a run leaves on the disk or says holds bytes
// of a picture or of its pixels, and hashes stand in the store alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <set>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"
#include "tests/end_to_end/pictures.h"
#include "tests/end_to_end/sample.h"
#include "tests/end_to_end/service.h"
#include "tests/end_to_end/world.h"

namespace kith::end_to_end {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::IsEmpty;

// Many byte strings that are looked for at once.
class Needles {
 public:
  // `what` tells of it where it is found. Few different bytes may stand anywhere by chance.
  void Add(const std::string& bytes, const std::string& what) {
    constexpr std::size_t kDifferent = 8;
    if (std::set<char>(bytes.begin(), bytes.end()).size() < kDifferent) return;
    by_beginning_[Beginning(bytes.data())].push_back({bytes, what});
    ++size_;
  }
  [[nodiscard]] std::size_t size() const { return size_; }

  [[nodiscard]] std::set<std::string> In(const std::string& text) const {
    std::set<std::string> found;
    for (std::size_t at = 0; at + sizeof(std::uint64_t) <= text.size(); ++at) {
      const auto alike = by_beginning_.find(Beginning(text.data() + at));
      if (alike == by_beginning_.end()) continue;
      for (const auto& [bytes, what] : alike->second) {
        if (text.compare(at, bytes.size(), bytes) == 0) found.insert(what);
      }
    }
    return found;
  }

 private:
  struct Needle {
    std::string bytes;
    std::string what;
  };

  static std::uint64_t Beginning(const char* bytes) {
    std::uint64_t beginning = 0;
    std::memcpy(&beginning, bytes, sizeof(beginning));
    return beginning;
  }

  std::unordered_map<std::uint64_t, std::vector<Needle>> by_beginning_;
  std::size_t size_ = 0;
};

// From the inside of some bytes.
constexpr std::size_t kSliceBytes = 64;

std::string Slice(const std::string& bytes, std::size_t quarter) {
  return bytes.substr(bytes.size() / 4 * quarter, kSliceBytes);
}

std::string RowOf(const cv::Mat& picture, int quarter) {
  const auto* row = picture.ptr<char>(picture.rows / 4 * quarter);
  return {row, static_cast<std::size_t>(picture.cols) * picture.elemSize()};
}

class NoPictures : public ::testing::Test {
 protected:
  void SetUp() override {
    world_.MakeSample(1, 10);
    // A few entries are kept in files beside the database, as many of them are otherwise.
    fs::create_directories(world_.Path("home/.config/kith"));
    world_.Write("home/.config/kith/kith.toml", "[index]\nkeep_from = 8\n");
    for (const auto& file : fs::recursive_directory_iterator(world_.Path("sample"))) {
      if (file.is_regular_file()) AddPicture(file.path());
    }
    for (const char* dialect : {"full", "cli512"}) AddHashes(dialect);
    // Of each of 80 pictures three slices of the file and three rows in three orders of bytes, of
    // which few are too plain; two dialects in eight orientations, as text and as bytes.
    EXPECT_GT(slices_.size(), 80U * 9U);
    EXPECT_EQ(hashes_.size(), 80U * 2U * 8U * 2U);
  }

  // All that an agency and an analyst do: it is said in said_, and lies on the disk.
  void Work(const std::vector<std::string>& how) {
    world_.Enrol();
    Run({"enroll", "--set", kRecognisedSet, Sample("seizure/unrelated")}, how, 0);
    Run({"check", Sample("seizure"), "--case", "NORTH/7", "--out", At("report")}, how, 1);
    Run({"cluster", "list"}, how, 0);
    for (const std::string kind :
         {"identification", "leads", "circulation", "method", "worklist", "notifications"}) {
      Run({"report", kind, "--case", "NORTH/7", "--out", At(kind)}, how, 0);
    }
  }

  // On the disk, in what was said, and in the store no more than hashes.
  void ExpectNoPictures() const {
    std::set<std::string> looked_at;
    std::set<std::string> stored;
    const fs::path root = world_.Store().parent_path();
    for (const auto& file : fs::recursive_directory_iterator(root)) {
      const std::string path = file.path().lexically_relative(root).string();
      if (!file.is_regular_file() || path.starts_with("sample/")) continue;
      looked_at.insert(path);
      const std::string bytes = ReadFile(file.path());
      EXPECT_THAT(slices_.In(bytes), IsEmpty()) << path;
      if (path.starts_with("store/")) {
        stored.merge(hashes_.In(bytes));
      } else {
        EXPECT_THAT(HashesIn(bytes), IsEmpty()) << path;
      }
    }
    EXPECT_THAT(slices_.In(said_), IsEmpty());
    EXPECT_THAT(HashesIn(said_), IsEmpty());
    // It looks where things are: the fingerprints that were enrolled are there.
    for (const char* path : {"store/kith.db", "report/report.json", "report/report.html",
                             "report/report.csv", "leads/leads.csv"}) {
      EXPECT_THAT(looked_at, Contains(path));
    }
    for (const char* name : {"lakeside-01.jpg", "harbour-01.jpg", "recognised-01.jpg"}) {
      EXPECT_THAT(stored, Contains(Sample("known/") + Group(name) + "/" + name));
    }
  }

  [[nodiscard]] std::string At(const std::string& name) const { return world_.Path(name).string(); }
  [[nodiscard]] std::string Sample(const std::string& name) const { return At("sample/" + name); }

  World world_;
  Needles slices_;
  std::string said_;

 private:
  static std::string Group(const std::string& name) { return name.substr(0, name.find('-')); }

  void AddPicture(const fs::path& path) {
    const std::string bytes = ReadFile(path);
    const Bytes buffer(bytes.begin(), bytes.end());
    if (buffer.empty()) return;
    const cv::Mat colours = cv::imdecode(buffer, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
    if (colours.empty()) return;
    const cv::Mat grey = cv::imdecode(buffer, cv::IMREAD_GRAYSCALE | cv::IMREAD_IGNORE_ORIENTATION);
    cv::Mat turned;
    cv::cvtColor(colours, turned, cv::COLOR_BGR2RGB);
    for (const int quarter : {1, 2, 3}) {
      slices_.Add(Slice(bytes, static_cast<std::size_t>(quarter)), path.string());
      for (const cv::Mat& pixels : {colours, turned, grey}) {
        slices_.Add(Slice(RowOf(pixels, quarter), 2), path.string() + ", decoded");
      }
    }
  }

  void AddHashes(const std::string& dialect) {
    const Outcome hashed = world_.Kith(
        {"hash", "--orientations", "--dialect", dialect, Sample("known"), Sample("seizure")});
    EXPECT_EQ(hashed.exit_code, 0) << hashed.err;
    std::istringstream lines(hashed.out);
    for (std::string line; std::getline(lines, line);) {
      const std::vector<std::string> cells = absl::StrSplit(line, '\t');
      if (cells.size() != 7 || cells[0].size() != 64) continue;
      hashes_.Add(cells[0], cells[6]);
      hashes_.Add(absl::HexStringToBytes(cells[0]), cells[6]);
    }
  }

  [[nodiscard]] std::set<std::string> HashesIn(std::string text) const {
    std::set<std::string> found = hashes_.In(text);
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    found.merge(hashes_.In(text));
    return found;
  }

  void Run(std::vector<std::string> line, const std::vector<std::string>& how, int exit_code) {
    const std::string verb = line[0] + " " + line[1];
    line.insert(line.end(), how.begin(), how.end());
    const Outcome ran = world_.Kith(line);
    EXPECT_EQ(ran.exit_code, exit_code) << verb << "\n" << ran.err;
    said_ += ran.out + ran.err;
  }

  Needles hashes_;
};

TEST_F(NoPictures, AreLeftByProgramsThatHoldTheStore) {
  Work({});
  ExpectNoPictures();
}

TEST_F(NoPictures, AreLeftOrLoggedByAService) {
  Service service(
      world_.Line("kithd", {"--listen", "127.0.0.1:0", "--ready-fd", "1", "--log-level", "debug"}));
  Work({"--server", service.Tcp()});
  // The log of the database is there only while it runs, and holds what is written last.
  EXPECT_TRUE(fs::exists(world_.Store() / "kith.db-wal"));
  said_ += service.Process().Err();
  ExpectNoPictures();
  service.Process().Signal(SIGTERM);
  const Outcome ended = service.Process().Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  said_ = ended.out + ended.err;
  EXPECT_THAT(said_, ::testing::HasSubstr("listening on"));
  ExpectNoPictures();
}

// A search that finds nothing anywhere would prove nothing.
TEST_F(NoPictures, AreMissedByTheSearch) {
  const std::string path = Sample("seizure/png/lakeside-01.png");
  const std::string bytes = ReadFile(path);
  EXPECT_THAT(slices_.In("something before" + bytes), Contains(path));
  const Bytes buffer(bytes.begin(), bytes.end());
  for (const int form : {cv::IMREAD_COLOR, cv::IMREAD_GRAYSCALE}) {
    const cv::Mat pixels = cv::imdecode(buffer, form);
    const std::string rows(pixels.ptr<char>(0), pixels.total() * pixels.elemSize());
    EXPECT_THAT(slices_.In("x" + rows), Contains(path + ", decoded"));
  }
}

}  // namespace
}  // namespace kith::end_to_end
