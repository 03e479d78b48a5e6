// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "hashing/fingerprint.h"
#include "tools/kith/command_line.h"
#include "tools/kith/verbs.h"
#include "tools/report/path_text.h"
#include "tools/scan/hash_pool.h"

namespace kith::cli {
namespace {

using Json = nlohmann::ordered_json;

struct HashFlags {
  std::vector<std::string> paths;
  std::string dialect = "full";
  bool orientations = false;
  int jobs = 0;
};

class HashRun {
 public:
  HashRun(const HashFlags& flags, bool json) : flags_(flags), json_(json) {}

  int Run() {
    scan::HashPoolOptions options;
    options.fingerprint.full = json_ || flags_.dialect == "full";
    options.fingerprint.cli512 = json_ || flags_.dialect == "cli512";
    options.fingerprint.orientations = json_ || flags_.orientations;
    options.fingerprint.trimmed = json_;  // the plain lines tell of the original only
    options.threads =
        flags_.jobs > 0 ? flags_.jobs : static_cast<int>(std::thread::hardware_concurrency());
    auto cage = hashing::cage::CagedFingerprinter::Start({});
    if (!cage.ok()) return Fail(cage.status());
    scan::HashPool pool(options, *std::move(cage));
    scan::WalkSummary walked;
    std::jthread walker([&] {
      walked = scan::WalkNamed(flags_.paths,
                               [&](scan::WalkedFile file) { return pool.Push(std::move(file)); });
      pool.Close();
    });
    scan::HashedFile hashed;
    while (true) {
      const auto popped = pool.Pop(hashed, std::chrono::hours(1));
      if (popped == scan::HashPool::Popped::kEnd) break;
      if (popped == scan::HashPool::Popped::kFile) Print(hashed);
    }
    walker.join();
    for (const std::string& error : walked.errors) Note("kith: " + error);
    return failed_ || walked.error_count > 0 ? kExitError : kExitDone;
  }

 private:
  void Print(const scan::HashedFile& hashed) {
    using enum hashing::Disposition;
    const hashing::Fingerprint& fingerprint = hashed.fingerprint;
    if (fingerprint.disposition == kVanished || fingerprint.disposition == kUnreadable) {
      failed_ = true;
      Note(fmt::format(
          "kith: {}: {}{}", report::EscapeText(hashed.file.path),
          hashing::DispositionName(fingerprint.disposition),
          fingerprint.detail.empty() ? "" : " (" + report::EscapeText(fingerprint.detail) + ")"));
    }
    if (json_) return PrintAsJson(hashed);
    const hashing::DialectHashes* hashes = nullptr;
    if (!fingerprint.views.empty() && !fingerprint.views.front().hashes.empty()) {
      hashes = &fingerprint.views.front().hashes.front();
    }
    const std::string tail = fmt::format("{}\t{}\t{}", fingerprint.width, fingerprint.height,
                                         report::EscapeText(hashed.file.path));
    if (hashes == nullptr) {
      PrintLine(fmt::format("-\t{}\t{}\t{}{}", hashing::DispositionName(fingerprint.disposition),
                            flags_.dialect, flags_.orientations ? "-\t" : "", tail));
      return;
    }
    const std::size_t count = flags_.orientations ? hashing::kOrientationCount : 1;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string orientation =
          flags_.orientations
              ? std::string(hashing::OrientationName(hashing::kOrientations[i])) + "\t"
              : "";
      PrintLine(fmt::format("{}\t{}\t{}\t{}{}", hashing::ToHex(hashes->codes[i]), hashes->quality,
                            flags_.dialect, orientation, tail));
    }
  }

  void PrintAsJson(const scan::HashedFile& hashed) const {
    const hashing::Fingerprint& fingerprint = hashed.fingerprint;
    Json line;
    line["type"] = "hash";
    report::PutBytes(line, "path", hashed.file.path);
    // What the plain line tells, then everything.
    line["pdq"] = nullptr;
    line["quality"] = nullptr;
    line["dialect"] = flags_.dialect;
    if (!fingerprint.views.empty()) {
      for (const hashing::DialectHashes& hashes : fingerprint.views.front().hashes) {
        if (hashing::DialectName(hashes.dialect) != flags_.dialect) continue;
        line["pdq"] = hashing::ToHex(hashes.codes[0]);
        line["quality"] = hashes.quality;
      }
    }
    line["disposition"] = hashing::DispositionName(fingerprint.disposition);
    line["detail"] = fingerprint.detail;
    line["format"] = fingerprint.format_name;
    line["size_bytes"] = fingerprint.size_bytes;
    line["width"] = fingerprint.width;
    line["height"] = fingerprint.height;
    line["digests"] = nullptr;
    if (fingerprint.digests.has_value()) {
      line["digests"] = {{"md5", hashing::DigestHex(fingerprint.digests->md5)},
                         {"sha1", hashing::DigestHex(fingerprint.digests->sha1)},
                         {"sha256", hashing::DigestHex(fingerprint.digests->sha256)}};
    }
    line["views"] = Json::array();
    for (const hashing::ViewFingerprint& view : fingerprint.views) {
      Json one{{"view", view.name},
               {"width", view.width},
               {"height", view.height},
               {"hashes", Json::array()}};
      for (const hashing::DialectHashes& hashes : view.hashes) {
        Json codes;
        for (std::size_t i = 0; i < hashing::kOrientationCount; ++i) {
          codes[std::string(hashing::OrientationName(hashing::kOrientations[i]))] =
              hashing::ToHex(hashes.codes[i]);
        }
        one["hashes"].push_back({{"dialect", hashing::DialectName(hashes.dialect)},
                                 {"quality", hashes.quality},
                                 {"spread", hashes.spread},
                                 {"usable", hashes.usable},
                                 {"pdq", hashing::ToHex(hashes.codes[0])},
                                 {"orientations", std::move(codes)}});
      }
      line["views"].push_back(std::move(one));
    }
    PrintJson(line);
  }

  const HashFlags& flags_;
  const bool json_;
  bool failed_ = false;
};

}  // namespace

void AddHashVerb(CLI::App& app, Program& program) {
  CLI::App* verb = AddVerb(
      app, program, "hash",
      "Prints the PDQ hash of each picture, one line a file, in the order given; folders are\n"
      "walked in the order of their paths. Columns, separated by tabs:\n"
      "  pdq  quality  dialect  width  height  path\n"
      "With --orientations there are eight lines a file and a column `orientation` after dialect.\n"
      "A file without a PDQ hash has one line, with - as pdq and orientation, and its disposition\n"
      "as quality. Paths are escaped:\n"
      "\\t \\n \\r \\\\, \\xHH for other bytes that cannot be shown, \\u{202E} for hidden "
      "characters.\n"
      "Exits 2 when a file has vanished or cannot be read.",
      "kith hash photo.jpg\n"
      "kith hash --orientations --dialect cli512 photo.jpg\n"
      "kith hash --json folder/ > hashes.jsonl");
  auto flags = std::make_shared<HashFlags>();
  verb->add_option("paths", flags->paths, "Files and folders")->type_name("PATH")->required();
  verb->add_option("--dialect", flags->dialect, "full (HMA, tx, pdqhash-python) or cli512")
      ->check(CLI::IsMember({"full", "cli512"}))
      ->type_name("NAME");
  verb->add_flag("--orientations", flags->orientations, "All eight orientations, named");
  verb->add_option("--jobs", flags->jobs, "Files read at a time (default: the number of cores)")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  OnRun(*verb, program, [flags, &program] { return HashRun(*flags, program.json).Run(); });
}

}  // namespace kith::cli
