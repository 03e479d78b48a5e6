// SPDX-License-Identifier: Apache-2.0
#include "tests/end_to_end/sample.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <opencv2/imgcodecs.hpp>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "hashing/fingerprint.h"
#include "tests/end_to_end/pictures.h"

namespace kith::end_to_end {
namespace {

namespace fs = std::filesystem;

constexpr int kMinimumDistanceBits = 61;

struct Original {
  Bytes jpeg;
  hashing::OrientationCodes codes{};
  bool usable = false;
};

Original MakeOriginal(std::uint64_t seed) {
  Original original;
  original.jpeg = EncodeJpeg(Draw(seed), kOriginalJpegQuality);
  hashing::FingerprintOptions options;
  options.cli512 = false;
  const hashing::Fingerprint print = hashing::FingerprintBytes(original.jpeg, options);
  if (print.views.empty() || print.views[0].hashes.empty()) return original;
  original.codes = print.views[0].hashes[0].codes;
  original.usable = print.views[0].hashes[0].usable;
  return original;
}

bool AreUnlike(const Original& a, const Original& b) {
  return std::all_of(b.codes.begin(), b.codes.end(), [&a](const hashing::Code& code) {
    return hashing::HammingDistance(a.codes[0], code) >= kMinimumDistanceBits;
  });
}

// The first `count` usable pictures of the seed that are unlike each other.
std::vector<Original> MakeOriginals(std::uint64_t seed, std::size_t count) {
  std::vector<Original> accepted;
  for (std::uint64_t first = seed << 32U; accepted.size() < count;) {
    std::vector<Original> candidates(count - accepted.size());
    ForEach(candidates.size(), [&](std::size_t i) { candidates[i] = MakeOriginal(first + i); });
    first += candidates.size();
    for (Original& candidate : candidates) {
      const bool is_new = std::all_of(accepted.begin(), accepted.end(),
                                      [&](const Original& a) { return AreUnlike(candidate, a); });
      if (candidate.usable && is_new) accepted.push_back(std::move(candidate));
    }
  }
  return accepted;
}

absl::Status WriteFile(const fs::path& path, const Bytes& bytes) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
  file.close();
  return file ? absl::OkStatus()
              : absl::UnavailableError(absl::StrCat("cannot write ", path.string()));
}

std::string Numbered(std::string_view word, std::size_t number, int digits) {
  std::string text = std::to_string(number);
  text.insert(0, static_cast<std::size_t>(std::max<int>(0, digits - int(text.size()))), '0');
  return absl::StrCat(std::string(word), "-", text);
}

class Maker {
 public:
  explicit Maker(const SampleOptions& options)
      : options_(options), root_(options.folder), seizure_(root_ / "seizure") {}

  absl::Status Make() {
    std::error_code error;
    if (fs::exists(root_ / "manifest.tsv", error)) {
      return absl::AlreadyExistsError(absl::StrCat(options_.folder, " holds a sample already"));
    }
    const auto known = static_cast<std::size_t>(options_.known_a_group);
    const auto unrelated = static_cast<std::size_t>(options_.unrelated);
    const std::vector<Original> originals = MakeOriginals(options_.seed, 3 * known + unrelated + 1);
    const char* const groups[] = {kLakeside, kHarbour, kRecognised};
    for (std::size_t i = 0; i < 3 * known; ++i) {
      AddCopies(originals[i], groups[i / known], Numbered(groups[i / known], i % known + 1, 2));
    }
    for (std::size_t i = 0; i < unrelated; ++i) {
      Add({.path = absl::StrCat("unrelated/", Numbered("picture", i + 1, 4), ".jpg"),
           .alteration = "unrelated",
           .verdict = "UNRECOGNIZED"},
          [&bytes = originals[3 * known + i].jpeg] { return bytes; });
    }
    AddOddities(originals.back());
    return Write();
  }

 private:
  struct Job {
    fs::path path;
    std::function<Bytes()> make;
  };

  void Add(SampleFile file, std::function<Bytes()> make) {
    jobs_.push_back({seizure_ / file.path, std::move(make)});
    manifest_.push_back(std::move(file));
  }

  void AddCopies(const Original& original, const std::string& group, const std::string& name) {
    const std::string entry = name + ".jpg";
    jobs_.push_back({root_ / "known" / group / entry, [&original] { return original.jpeg; }});
    const bool is_series = group != kRecognised;
    for (const Alteration& alteration : AllAlterations()) {
      Add({.path = absl::StrCat(alteration.name, "/", name, alteration.extension),
           .alteration = alteration.name,
           .expectation = alteration.is_seen ? Expectation::kFound : Expectation::kUnseen,
           .verdict = is_series ? "IDENTIFIED" : "RECOGNIZED",
           .series = is_series ? group : "",
           .set = is_series ? kIdentifiedSet : kRecognisedSet,
           .entry = entry},
          [&original, &alteration] {
            return alteration.apply(original.jpeg, cv::imdecode(original.jpeg, cv::IMREAD_COLOR));
          });
    }
  }

  void AddOddities(const Original& original) {
    // What is left of a truncated picture may be too little for a hash.
    Add({.path = "odd/truncated.jpg",
         .alteration = "truncated",
         .verdict = "UNRECOGNIZED|UNDETERMINED"},
        [&original] {
          const auto half = static_cast<std::ptrdiff_t>(original.jpeg.size() / 2);
          return Bytes(original.jpeg.begin(), original.jpeg.begin() + half);
        });
    Add({.path = "odd/empty.jpg", .alteration = "empty", .verdict = "NOT_APPLICABLE"},
        [] { return Bytes(); });
    Add({.path = "odd/notes.txt", .alteration = "text", .verdict = "NOT_APPLICABLE"}, [] {
      const std::string text = "Bread, butter, and the key of the boat house.\n";
      return Bytes(text.begin(), text.end());
    });
    manifest_.push_back({.path = "odd/pipe", .alteration = "fifo", .verdict = "NOT_APPLICABLE"});
  }

  absl::Status Write() {
    std::vector<absl::Status> results(jobs_.size());
    ForEach(jobs_.size(),
            [&](std::size_t i) { results[i] = WriteFile(jobs_[i].path, jobs_[i].make()); });
    for (const absl::Status& result : results) {
      if (!result.ok()) return result;
    }
    if (::mkfifo((seizure_ / "odd/pipe").c_str(), 0600) != 0) {
      return absl::UnavailableError("cannot make a FIFO in " + options_.folder);
    }
    std::string text;
    for (const SampleFile& file : manifest_) {
      const char* const expectations[] = {"found", "unseen", "nothing"};
      absl::StrAppend(&text, file.path, "\t", file.alteration, "\t",
                      expectations[static_cast<int>(file.expectation)], "\t", file.verdict, "\t",
                      file.series, "\t", file.set, "\t", file.entry, "\n");
    }
    return WriteFile(root_ / "manifest.tsv", Bytes(text.begin(), text.end()));
  }

  const SampleOptions& options_;
  const fs::path root_;
  const fs::path seizure_;
  std::vector<Job> jobs_;
  std::vector<SampleFile> manifest_;
};

}  // namespace

absl::Status MakeSample(const SampleOptions& options) {
  cv::setNumThreads(1);  // the pictures are made side by side
  return Maker(options).Make();
}

absl::StatusOr<std::vector<SampleFile>> ReadManifest(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError("no manifest " + path);
  std::vector<SampleFile> files;
  std::string line;
  while (std::getline(file, line)) {
    const std::vector<std::string> cells = absl::StrSplit(line, '\t');
    if (cells.size() != 7) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, " line ", files.size() + 1, ": seven cells are wanted"));
    }
    files.push_back({cells[0], cells[1],
                     cells[2] == "found"    ? Expectation::kFound
                     : cells[2] == "unseen" ? Expectation::kUnseen
                                            : Expectation::kNothing,
                     cells[3], cells[4], cells[5], cells[6]});
  }
  return files;
}

}  // namespace kith::end_to_end
