// SPDX-License-Identifier: Apache-2.0
// The cage gives what hashing in this process gives, on every kind of file and under every option.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "hashing/cage/internal/worker_path.h"
#include "tests/hashing/caged.h"

namespace kith::hashing {
namespace {

using test::Caged;
using test::Everything;
using test::Uncaged;
using ::testing::Contains;
using ::testing::HasSubstr;

TEST(Cage, GivesTheSameAsWithoutIt) {
  const auto cage = test::StartCage();
  ASSERT_NE(cage, nullptr);
  const std::vector<test::NamedFile> files = test::FilesOfAllKinds();
  for (const bool full : {true, false}) {
    for (const bool cli512 : {true, false}) {
      for (const bool orientations : {true, false}) {
        const FingerprintOptions options{
            .full = full, .cli512 = cli512, .orientations = orientations};
        for (const test::NamedFile& file : files) {
          EXPECT_EQ(Everything(Caged(*cage, file.bytes, options)),
                    Everything(Uncaged(file.bytes, options)))
              << file.name << " " << full << cli512 << orientations;
        }
      }
    }
  }
}

TEST(Cage, KeepsTheLimits) {
  const auto cage = test::StartCage();
  ASSERT_NE(cage, nullptr);
  FingerprintOptions few_pixels;
  few_pixels.limits.max_pixels = 1000;
  FingerprintOptions few_bytes;
  few_bytes.limits.max_bytes = 100;
  FingerprintOptions little_memory;
  little_memory.limits.max_memory_bytes = 1000;
  FingerprintOptions few_scans;
  few_scans.limits.max_scans = 2;
  for (const test::NamedFile& file : test::FilesOfAllKinds()) {
    for (const auto& options : {few_pixels, few_bytes, little_memory, few_scans}) {
      EXPECT_EQ(Everything(Caged(*cage, file.bytes, options)),
                Everything(Uncaged(file.bytes, options)))
          << file.name;
    }
  }
}

TEST(Cage, TakesFilesOfAllSizesInAnyOrder) {
  const auto cage = test::StartCage();
  ASSERT_NE(cage, nullptr);
  const test::Data small = EncodeJpeg(test::Synthetic(1, 64, 64));
  // A JPEG with megabytes behind its end is still that JPEG.
  for (const std::size_t padding : {0u, 5u << 20, 0u, 40u << 20, 0u, 9u << 20, 0u}) {
    test::Data bytes = small;
    bytes.resize(bytes.size() + padding);
    EXPECT_EQ(Everything(Caged(*cage, bytes)), Everything(Uncaged(bytes))) << padding;
  }
}

TEST(Cage, GivesEachThreadTheSame) {
  const std::vector<test::NamedFile> files = test::FilesOfAllKinds();
  std::vector<std::string> expected;
  expected.reserve(files.size());
  for (const auto& file : files) expected.push_back(Everything(Uncaged(file.bytes)));
  constexpr int kThreads = 3;
  std::vector<std::jthread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      const auto cage = test::StartCage({.files_per_worker = 4});
      ASSERT_NE(cage, nullptr);
      for (std::size_t f = 0; f < files.size(); ++f) {
        EXPECT_EQ(Everything(Caged(*cage, files[f].bytes)), expected[f]) << files[f].name;
      }
    });
  }
}

TEST(Cage, MakesAnotherOfItself) {
  const auto first = test::StartCage();
  ASSERT_NE(first, nullptr);
  const auto second = first->Another();
  EXPECT_EQ(test::Children().size(), 1u);
  EXPECT_EQ(second->posture().worker_path, first->posture().worker_path);
  for (const test::NamedFile& file : test::FilesOfAllKinds()) {
    EXPECT_EQ(Everything(Caged(*second, file.bytes)), Everything(Uncaged(file.bytes)));
  }
  EXPECT_EQ(test::Children().size(), 2u);
}

TEST(Cage, OutlivesTheThreadThatStartedIt) {
  std::unique_ptr<cage::CagedFingerprinter> cage;
  std::thread([&] { cage = test::StartCage(); }).join();
  ASSERT_NE(cage, nullptr);
  const test::Data jpeg = EncodeJpeg(test::Synthetic(1, 64, 64));
  // The kernel has ended the first worker, or is about to.
  while (!test::Children().empty()) {
    std::ifstream status("/proc/" + std::to_string(test::Children().front()) + "/status");
    std::string text{std::istreambuf_iterator<char>(status), {}};
    if (text.find("State:\tZ") != std::string::npos) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(Everything(Caged(*cage, jpeg)), Everything(Uncaged(jpeg)));
}

TEST(Cage, TellsWhereItLookedForTheWorker) {
  const auto none = cage::internal::FindWorkerOf("/nowhere/bin/kith");
  ASSERT_FALSE(none.ok());
  EXPECT_THAT(std::string(none.status().message()), HasSubstr("/nowhere/bin/kith-decode"));
  EXPECT_THAT(std::string(none.status().message()), HasSubstr("/nowhere/libexec/kith/kith-decode"));
  const auto missing = cage::CagedFingerprinter::Start({.worker_path = "/nowhere/kith-decode"});
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr("/nowhere/kith-decode"));
}

TEST(Cage, FindsTheWorkerBesideTheProgramOrInLibexec) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("kith-cage-" + std::to_string(getpid()));
  const std::filesystem::path libexec = folder / "libexec" / "kith";
  std::filesystem::create_directories(libexec);
  std::filesystem::create_directories(folder / "bin");
  const auto put = [](const std::filesystem::path& path) {
    std::ofstream(path) << "#!/bin/true\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  };
  put(libexec / "kith-decode");
  const std::string program = (folder / "bin" / "kith").string();
  EXPECT_EQ(cage::internal::FindWorkerOf(program).value_or(""), libexec / "kith-decode");
  put(folder / "bin" / "kith-decode");
  EXPECT_EQ(cage::internal::FindWorkerOf(program).value_or(""), folder / "bin" / "kith-decode");
  std::filesystem::remove_all(folder);
}

TEST(Cage, RefusesAProgramThatIsNoWorker) {
  const auto wrong = cage::CagedFingerprinter::Start({.worker_path = "/bin/true"});
  ASSERT_FALSE(wrong.ok());
  EXPECT_THAT(std::string(wrong.status().message()), HasSubstr("/bin/true does not start"));
}

TEST(Cage, TellsWhatMakesTheFingerprints) {
  const auto cage = test::StartCage();
  ASSERT_NE(cage, nullptr);
  for (const char* name :
       {"PDQ", "libjpeg", "libpng 1.", "giflib 5.", "libwebp ", "libtiff ", "openjpeg 2.",
        "libjxl 0.", "libheif 1.", "libde265 1.", "AV1", "OpenSSL "}) {
    EXPECT_THAT(cage->libraries(), Contains(HasSubstr(name)));
  }
  EXPECT_EQ(cage->Another()->libraries(), cage->libraries());
  for (const std::string& library : cage->libraries()) EXPECT_LE(library.size(), 100U) << library;
}

TEST(Cage, TellsItsPosture) {
  const auto cage = test::StartCage();
  ASSERT_NE(cage, nullptr);
  const cage::Posture& posture = cage->posture();
  EXPECT_THAT(posture.worker_path, HasSubstr("kith-decode"));
  EXPECT_EQ(posture.measures.size(), 11u);
  for (const cage::Measure& measure : posture.measures) {
    // What every kernel has that Debian 12 runs on; containers may lack the others.
    for (const char* always : {"process", "no_files", "no_new_privileges", "not_dumpable",
                               "dies_with_parent", "one_thread"}) {
      EXPECT_TRUE(measure.enforced || measure.name != always) << measure.name;
    }
    EXPECT_TRUE(measure.enforced || !measure.remark.empty()) << measure.name;
  }
}

}  // namespace
}  // namespace kith::hashing
