// SPDX-License-Identifier: Apache-2.0
// Fast hashes only rule out: what a look-up answers with them is what it answers without, file by
// file; and where they can rule nothing out it does not use them.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "proto/kith/v1/catalog.grpc.pb.h"
#include "server/embedded.h"
#include "tests/end_to_end/pictures.h"
#include "tests/tools/scratch.h"
#include "tools/scan/check_run.h"
#include "tools/scan/evidence.h"

namespace kith::scan {
namespace {

namespace fs = std::filesystem;
using Images = std::vector<std::pair<std::string, cv::Mat>>;

constexpr std::uint64_t kFirstKnown = 500;
constexpr int kKnown = 3;

// As rich as a photograph, at its edges too, and large enough for a fast hash.
cv::Mat Large(std::uint64_t seed) {
  cv::Mat large;
  cv::resize(end_to_end::Draw(seed), large, {}, 1.4, 1.4, cv::INTER_CUBIC);
  std::mt19937 random(static_cast<std::uint32_t>(seed));
  for (int y = 0; y < large.rows; ++y) {
    for (int x = 0; x < large.cols; ++x) {
      const int grain = static_cast<int>(random() % 41) - 20;
      for (int c = 0; c < 3; ++c) {
        auto& sample = large.at<cv::Vec3b>(y, x)[c];
        sample = cv::saturate_cast<unsigned char>(sample + grain);
      }
    }
  }
  return large;
}

// What a fast hash has to see through, or to leave to an exact one.
Images Altered(const cv::Mat& picture) {
  Images images;
  const auto add = [&images](const std::string& name) -> cv::Mat& {
    return images.emplace_back(name, cv::Mat()).second;
  };
  cv::rotate(picture, add("rotated-90"), cv::ROTATE_90_CLOCKWISE);
  cv::rotate(picture, add("rotated-180"), cv::ROTATE_180);
  cv::flip(picture, add("mirrored"), 1);
  cv::cvtColor(picture, add("grey"), cv::COLOR_BGR2GRAY);
  cv::copyMakeBorder(picture, add("padded"), 90, 90, 0, 0, cv::BORDER_CONSTANT, {0, 0, 0});
  cv::copyMakeBorder(picture, add("framed"), 9, 8, 70, 60, cv::BORDER_CONSTANT, {200, 60, 90});
  for (const int percent : {75, 90, 130}) {
    cv::resize(picture, add("scaled-" + std::to_string(percent)), {}, percent / 100.0,
               percent / 100.0, cv::INTER_AREA);
  }
  for (const int percent : {1, 2, 4, 8}) {
    const cv::Rect inner(picture.cols * percent / 100, picture.rows * percent / 200,
                         picture.cols * (100 - percent) / 100 - 1,
                         picture.rows * (200 - percent) / 200 - 1);
    add("cut-" + std::to_string(percent)) = picture(inner & cv::Rect({}, picture.size())).clone();
  }
  picture.convertTo(add("brighter"), -1, 1.15, 6);
  return images;
}

class CheckFilterTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = scratch_.path() + "/seizure";
    fs::create_directories(folder_ + "/copies");
    server::ConnectOptions connect;
    connect.store_dir = scratch_.path() + "/store";
    connect.program = "check_filter_test";
    auto connection = server::Connect(connect);
    ASSERT_TRUE(connection.ok()) << connection.status();
    connection_ = *std::move(connection);
    stub_ = v1::CatalogService::NewStub(connection_->channel());
    AddSet("known", v1::PURPOSE_KNOWN, v1::DIALECT_FULL);
    for (std::uint64_t i = 0; i < kKnown; ++i) {
      const cv::Mat picture = Large(kFirstKnown + i);
      const std::string name = folder_ + "/copies/" + std::to_string(i);
      for (const int quality : {30, 45, 60, 75, 95}) {
        Write(name + "-quality-" + std::to_string(quality), picture, quality);
      }
      for (const auto& [alteration, image] : Altered(picture)) {
        Write(name + "-" + alteration, image, 85);
      }
      const std::string known = scratch_.path() + "/known-" + std::to_string(i);
      Write(known, picture, 90);
      Enrol("known", known + ".jpg");
    }
    for (std::uint64_t seed = 900; seed < 910; ++seed) {
      Write(folder_ + "/new-" + std::to_string(seed), Large(seed), 88);
    }
  }

  static void Write(const std::string& name, const cv::Mat& picture, int quality) {
    ASSERT_TRUE(cv::imwrite(name + ".jpg", picture, {cv::IMWRITE_JPEG_QUALITY, quality}));
  }
  void AddSet(const std::string& name, v1::Purpose purpose, v1::Dialect dialect) {
    v1::AddHashSetRequest request;
    request.mutable_hash_set()->set_name(name);
    request.mutable_hash_set()->set_purpose(purpose);
    request.mutable_hash_set()->set_dialect(dialect);
    grpc::ClientContext context;
    v1::AddHashSetResponse response;
    const grpc::Status status = stub_->AddHashSet(&context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }
  void Add(const std::string& set, const v1::Entry& entry) {
    v1::AddEntriesRequest request;
    request.set_set(set);
    *request.add_entries() = entry;
    grpc::ClientContext context;
    v1::AddEntriesResponse response;
    const grpc::Status status = stub_->AddEntries(&context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }
  void Enrol(const std::string& set, const std::string& path) {
    auto cage = hashing::cage::CagedFingerprinter::Start({});
    ASSERT_TRUE(cage.ok()) << cage.status();
    std::FILE* file = std::fopen(path.c_str(), "rb");
    ASSERT_NE(file, nullptr) << path;
    const v1::Fingerprint print = ToEntry((*cage)->OfFile(fileno(file), {}));
    std::fclose(file);
    ASSERT_GT(print.codes_size(), 0) << path;
    v1::Entry entry;
    *entry.mutable_codes() = print.codes();  // by PDQ alone
    Add(set, entry);
  }

  struct Checked {
    std::map<std::string, std::string> files;  // by path: all that was told of it
    std::map<std::string, std::uint64_t> matches;
    CheckOutcome outcome;
  };
  Checked Check(bool exact, std::optional<std::uint32_t> radius_bits = {},
                const std::string& case_name = "") {
    CheckOptions options;
    options.root = folder_;
    options.exact = exact;
    options.radius_bits = radius_bits;
    options.case_name = case_name;
    options.threads = 2;
    Checked checked;
    CheckEvents events;
    events.file = [&checked](const v1::EvidenceFile& file, const v1::MatchResult& result) {
      const v1::Fingerprint& print = file.fingerprint();
      checked.files[file.path()] = v1::Disposition_Name(print.disposition()) + print.detail() +
                                   print.format() + std::to_string(print.width()) + "x" +
                                   std::to_string(print.height()) + result.DebugString();
      checked.matches[file.path()] = result.total();
    };
    auto outcome = RunCheck(connection_->channel(), options, events);
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    if (outcome.ok()) checked.outcome = *std::move(outcome);
    checked.outcome.report.clear_run();
    return checked;
  }
  void ExpectTheSameAnswers(std::optional<std::uint32_t> radius_bits) {
    const Checked filtered = Check(false, radius_bits);
    const Checked exact = Check(true, radius_bits);
    EXPECT_EQ(filtered.outcome.mode, Hashing::kFiltered);
    EXPECT_EQ(exact.outcome.mode, Hashing::kExactAsked);
    EXPECT_EQ(exact.outcome.ruled_out, 0U);
    EXPECT_GT(filtered.outcome.ruled_out, 5U);
    EXPECT_EQ(filtered.files, exact.files);
    EXPECT_EQ(filtered.outcome.report.DebugString(), exact.outcome.report.DebugString());
  }

  test::Scratch scratch_;
  std::string folder_;
  std::unique_ptr<server::Connection> connection_;
  std::unique_ptr<v1::CatalogService::Stub> stub_;
};

TEST_F(CheckFilterTest, AnswersAreThoseOfAnExactCheck) {
  ExpectTheSameAnswers({});
  ExpectTheSameAnswers(6);
  std::size_t found = 0;
  for (const auto& [path, matches] : Check(false).matches) found += matches > 0 ? 1 : 0;
  EXPECT_GE(found, 3U * 12U);
  // Benign entries that lie nearer to some copies than what is known, and hold leads back.
  AddSet("harmless", v1::PURPOSE_BENIGN, v1::DIALECT_FULL);
  Enrol("harmless", folder_ + "/copies/0-cut-2.jpg");
  Enrol("harmless", folder_ + "/copies/1-cut-4.jpg");
  ExpectTheSameAnswers({});
}

TEST_F(CheckFilterTest, WhereItRulesNothingOutAllIsHashedExactly) {
  EXPECT_EQ(Check(false, {}, "NORTH/1").outcome.mode, Hashing::kExactForCase);
  EXPECT_EQ(Check(false).outcome.mode, Hashing::kFiltered);
  AddSet("list", v1::PURPOSE_KNOWN, v1::DIALECT_UNSPECIFIED);
  v1::Entry entry;
  entry.add_codes()->set_pdq(std::string(32, '\xAA'));
  Add("list", entry);
  const Checked unknown = Check(false);
  EXPECT_EQ(unknown.outcome.mode, Hashing::kExactForDialects);
  EXPECT_EQ(unknown.outcome.ruled_out, 0U);
}

}  // namespace
}  // namespace kith::scan
