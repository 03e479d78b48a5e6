// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/engine_link.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdio>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string_view>
#include <thread>
#include <utility>

#include "tools/kith/interrupt.h"
#include "tools/report/words.h"

namespace kith::cli {
namespace {

// Only who adds to a store may make one: a mistyped --store, or a disk that is not mounted, must
// not be answered with "nothing known found", nor with an empty list.
bool MayMakeStore(std::string_view verb) {
  static constexpr std::array<std::string_view, 6> kAdd = {"agency add", "contact add", "enroll",
                                                           "import",     "series add",  "set add"};
  return std::find(kAdd.begin(), kAdd.end(), verb) != kAdd.end();
}

// Says on stderr what is waited for, where that takes longer than a second.
class WaitingNote {
 public:
  explicit WaitingNote(std::string text)
      : teller_([this, said = std::move(text)](const std::stop_token& ended) {
          std::unique_lock lock(mutex_);
          (void)ended_.wait_for(lock, ended, std::chrono::seconds(1), [] { return false; });
          if (!ended.stop_requested()) Note(said);
        }) {}

 private:
  std::mutex mutex_;
  std::condition_variable_any ended_;
  std::jthread teller_;  // last: it uses the others
};

// All is answered: it is not held back, nor lost by a Ctrl-C. Whoever reads it gets its end, too,
// for we may wait for just that one: kith export ... | kith import ... -
void EndOutput() {
  (void)std::fflush(stdout);  // main finds what failed
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere < 0) return;
  ::dup2(nowhere, STDOUT_FILENO);
  ::close(nowhere);
}

// A store that was asked for by name is not given up for a server that a file names.
std::string ServerOf(const Program& program, const server::Settings& settings) {
  if (!program.store.empty() && program.server.empty()) return "";
  return settings.Get("server.address").value;
}

}  // namespace

absl::StatusOr<server::Settings> ResolveSettings(const Program& program) {
  std::map<std::string, std::string> environment = program.environment;
  if (!program.config.empty()) environment["KITH_CONFIG"] = program.config;
  std::map<std::string, server::SettingValue> flags;
  if (!program.store.empty()) flags["store.dir"] = {program.store, "flag --store"};
  if (!program.server.empty()) flags["server.address"] = {program.server, "flag --server"};
  return server::Settings::Resolve(environment, flags);
}

absl::StatusOr<std::string> StoreOnThisMachine(const Program& program) {
  const absl::StatusOr<server::Settings> settings = ResolveSettings(program);
  if (!settings.ok()) return settings.status();
  if (!ServerOf(program, *settings).empty()) return "";
  return settings->Get("store.dir").value;
}

absl::StatusOr<std::unique_ptr<server::Connection>> ConnectEngine(const Program& program,
                                                                  const std::string& verb) {
  const absl::StatusOr<server::Settings> settings = ResolveSettings(program);
  if (!settings.ok()) return settings.status();
  server::ConnectOptions options;
  options.server = ServerOf(program, *settings);
  options.store_dir = settings->Get("store.dir").value;
  options.index_engine = settings->Get("index.engine").value;
  if (!absl::SimpleAtoi(settings->Get("index.keep_from").value, &options.index_keep_from)) {
    return absl::InternalError("a number among the settings was not checked");
  }
  options.program = "kith " + verb;
  options.create = MayMakeStore(verb);
  options.warn = [](const std::string& what) { Note("kith: warning: " + what); };
  options.others_wait = [] {
    EndOutput();
    Interrupt::RunIsOver();
    Note(
        "kith: another kith uses the store through this one; waiting for it to end (Ctrl-C: end "
        "now, and cut it off)");
  };
  const bool show =
      program.progress == "always" || (program.progress == "auto" && ::isatty(STDERR_FILENO) == 1);
  if (show) {
    options.progress = [last = std::chrono::steady_clock::now()](const std::string& what,
                                                                 std::uint64_t done,
                                                                 std::uint64_t total) mutable {
      const auto now = std::chrono::steady_clock::now();
      if (now - last < std::chrono::seconds(1)) return;
      last = now;
      Note(total == 0
               ? fmt::format("{}: {}", what, report::Number(done))
               : fmt::format("{}: {} of {}", what, report::Number(done), report::Number(total)));
    };
  }
  std::optional<WaitingNote> note;
  if (!options.server.empty()) note.emplace("waiting for the service at " + options.server);
  return server::Connect(options);
}

absl::Status Explained(const absl::Status& status, const server::Connection& connection) {
  const std::string message(status.message().data(), status.message().size());
  if (status.code() == absl::StatusCode::kUnavailable) {
    return absl::UnavailableError("no answer from " + connection.description() + ": " + message);
  }
  return status;
}

}  // namespace kith::cli
