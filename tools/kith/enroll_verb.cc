// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "proto/kith/v1/catalog.grpc.pb.h"
#include "tools/kith/command_line.h"
#include "tools/kith/interrupt.h"
#include "tools/kith/listing.h"
#include "tools/kith/signature.h"
#include "tools/kith/verbs.h"
#include "tools/report/path_text.h"
#include "tools/report/words.h"
#include "tools/scan/evidence.h"
#include "tools/scan/hash_pool.h"

namespace kith::cli {
namespace {

using Stub = v1::CatalogService::Stub;

struct EnrollFlags {
  std::string set;
  std::string series;
  std::string who;
  std::vector<std::string> paths;
};

// Small enough that an interrupted run has acknowledged most of what it read.
constexpr std::size_t kBatch = 256;

std::string SourceRef(const std::string& path) {
  return report::ToUtf8(path.substr(path.rfind('/') + 1));
}

// Why a file gives no entry, or "".
std::string WhyNot(const hashing::Fingerprint& fingerprint) {
  using enum hashing::Disposition;
  switch (fingerprint.disposition) {
    case kHashed:
    case kLowQuality:
    case kPartial:
    case kUnsupported:
      return fingerprint.digests.has_value() ? "" : "not all of it could be read";
    default: {
      std::string why(hashing::DispositionName(fingerprint.disposition));
      if (!fingerprint.detail.empty()) why += " (" + fingerprint.detail + ")";
      return why;
    }
  }
}

class EnrollRun {
 public:
  EnrollRun(const Program& program, const EnrollFlags& flags, Interrupt& interrupt, Stub& stub)
      : program_(program), flags_(flags), interrupt_(interrupt), stub_(stub) {}

  absl::StatusOr<int> Run() {
    if (absl::Status status = CheckTargets(); !status.ok()) return status;
    scan::HashPoolOptions options;
    options.fingerprint.cli512 = false;
    options.fingerprint.orientations = false;
    options.threads = static_cast<int>(std::thread::hardware_concurrency());
    auto cage = hashing::cage::CagedFingerprinter::Start({});
    if (!cage.ok()) return cage.status();
    scan::HashPool pool(options, *std::move(cage));
    interrupt_.RunBegins(
        "\nStopping: what was read is enrolled, then comes the summary. Ctrl-C again ends at "
        "once.");
    // Stopping must also wake a walker that waits for room.
    const std::stop_callback on_stop(interrupt_.stop(), [&pool] { pool.Cancel(); });
    std::jthread walker([&] {
      walked_ = scan::WalkNamed(flags_.paths,
                                [&](scan::WalkedFile file) { return pool.Push(std::move(file)); });
      pool.Close();
    });
    absl::Status status;
    while (status.ok()) {
      scan::HashedFile hashed;
      const auto popped = pool.Pop(hashed, std::chrono::seconds(1));
      if (popped == scan::HashPool::Popped::kFile) Take(std::move(hashed));
      const bool end = popped == scan::HashPool::Popped::kEnd;
      if (waiting_.size() >= kBatch || end) status = Send();
      if (end) break;
    }
    pool.Cancel();
    walker.join();
    for (const std::string& error : walked_.errors) Note("kith: " + error);
    const bool complete = status.ok() && !interrupt_.requested();
    // Also of a run that ends early: what it added is there.
    Summary(complete);
    if (!status.ok()) return status;
    if (!complete) return kExitInterrupted;
    return refused_ == 0 && walked_.error_count == 0 ? kExitDone : kExitError;
  }

 private:
  absl::Status CheckTargets() {
    v1::GetHashSetRequest set;
    set.set_name(flags_.set);
    const auto got_set = Call(stub_, &Stub::GetHashSet, set);
    if (absl::IsNotFound(got_set.status())) {
      return absl::NotFoundError(fmt::format("no hash set '{0}'; add it with: kith set add '{0}'",
                                             report::EscapeText(flags_.set)));
    }
    if (!got_set.ok() || flags_.series.empty()) return got_set.status();
    v1::GetSeriesRequest series;
    series.set_code(flags_.series);
    const auto got_series = Call(stub_, &Stub::GetSeries, series);
    if (absl::IsNotFound(got_series.status())) {
      return absl::NotFoundError(fmt::format("no series '{0}'; add it with: kith series add '{0}'",
                                             report::EscapeText(flags_.series)));
    }
    return got_series.status();
  }

  void Take(scan::HashedFile hashed) {
    const std::string why = WhyNot(hashed.fingerprint);
    if (!why.empty()) {
      // Lines keep the order of the files: what came before is answered first.
      waiting_.push_back({std::move(hashed.file.path), why, false});
      return;
    }
    const v1::Fingerprint fingerprint = scan::ToEntry(hashed.fingerprint);
    v1::Entry& entry = *request_.add_entries();
    entry.set_source_ref(SourceRef(hashed.file.path));
    *entry.mutable_digests() = fingerprint.digests();
    *entry.mutable_codes() = fingerprint.codes();
    std::string remark;
    if (fingerprint.codes().empty()) {
      remark = fmt::format("by digests only ({})",
                           hashing::DispositionName(hashed.fingerprint.disposition));
    } else if (hashed.fingerprint.disposition == hashing::Disposition::kPartial) {
      remark = "partial";
    }
    waiting_.push_back({std::move(hashed.file.path), remark, true});
  }

  absl::Status Send() {
    v1::AddEntriesResponse added;
    if (request_.entries_size() > 0) {
      request_.set_set(flags_.set);
      request_.set_series(flags_.series);
      request_.set_who(flags_.who);
      auto response = Call(stub_, &Stub::AddEntries, request_);
      if (!response.ok()) return response.status();
      added = *std::move(response);
    }
    int next = 0;
    for (const Waiting& one : waiting_) {
      if (!one.sent) {
        ++refused_;
        Print(one, nullptr);
      } else if (next < added.entries_size()) {
        const auto& entry = added.entries(next++);
        ++(entry.already_there() ? already_there_ : added_);
        Print(one, &entry);
      }
    }
    // What stands here is committed: who reads along, or cuts the run off, has it.
    (void)std::fflush(stdout);
    waiting_.clear();
    request_.Clear();
    return absl::OkStatus();
  }

  struct Waiting {
    std::string path;
    std::string remark;  // why not, or what is special
    bool sent = false;
  };

  void Print(const Waiting& one, const v1::AddEntriesResponse::Added* entry) const {
    const std::string status = entry == nullptr         ? "refused"
                               : entry->already_there() ? "already there"
                                                        : "added";
    if (program_.json) {
      nlohmann::ordered_json line{{"type", "enrolled"}, {"status", status}, {"entry", nullptr}};
      if (entry != nullptr) line["entry"] = entry->entry_id();
      line["remark"] = one.remark;
      report::PutBytes(line, "path", one.path);
      return PrintJson(line);
    }
    PrintLine(fmt::format("{}\t{}{}\t{}",
                          entry == nullptr ? "-" : std::to_string(entry->entry_id()), status,
                          one.remark.empty() ? "" : ": " + report::EscapeText(one.remark),
                          report::EscapeText(one.path)));
  }

  void Summary(bool complete) const {
    if (program_.json) {
      return PrintJson({{"type", "summary"},
                        {"added", added_},
                        {"already_there", already_there_},
                        {"refused", refused_},
                        {"walk_errors", walked_.error_count},
                        {"complete", complete}});
    }
    Note(fmt::format("{} added, {} already there, {} refused{}.", report::Number(added_),
                     report::Number(already_there_), report::Number(refused_),
                     complete ? "" : "; not all files were enrolled, run it again for the rest"));
  }

  const Program& program_;
  const EnrollFlags& flags_;
  Interrupt& interrupt_;
  Stub& stub_;
  v1::AddEntriesRequest request_;
  std::vector<Waiting> waiting_;
  std::uint64_t added_ = 0;
  std::uint64_t already_there_ = 0;
  std::uint64_t refused_ = 0;
  scan::WalkSummary walked_;  // written by the walker, read after its end
};

}  // namespace

void AddEnrollVerb(CLI::App& app, Program& program) {
  CLI::App* verb = AddVerb(
      app, program, "enroll",
      "Brings files into a hash set. Only fingerprints are kept: digests and, of pictures with\n"
      "enough detail, the PDQ hash. Prints one line a file: entry, what became of it, path.\n"
      "Ctrl-C stops it: what was read is enrolled, then comes the summary; twice ends it at once.\n"
      "Exits 2 when a file could not be enrolled, the others are; 130 when interrupted.",
      "kith enroll --set national --series Bluebell pictures/\n"
      "kith enroll --set national a.jpg b.png\n"
      "kith enroll --set national --json pictures/");
  auto flags = std::make_shared<EnrollFlags>();
  verb->add_option("--set", flags->set, "The hash set")->type_name("NAME")->required();
  verb->add_option("--series", flags->series, "The series that the files belong to")
      ->type_name("CODE");
  verb->add_option("files", flags->paths, "Files and folders")->type_name("FILE")->required();
  AddWhoFlag(*verb, program, flags->who);
  AddEngineFlags(*verb, program);
  OnRun(*verb, program, [flags, &program] {
    Interrupt interrupt;  // first: threads that are made later must not get its signals
    return WithEngine<v1::CatalogService>(program, "enroll", [&](Stub& stub) {
      return EnrollRun(program, *flags, interrupt, stub).Run();
    });
  });
}

}  // namespace kith::cli
