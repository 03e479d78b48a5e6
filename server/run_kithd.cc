// SPDX-License-Identifier: Apache-2.0
// The program kithd: options, signals, and the order of start and end.
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/connect.h"
#include "server/holder.h"
#include "server/kithd_log.h"
#include "server/kithd_text.h"
#include "server/settings.h"
#include "server/store_lock.h"

namespace kith::server {
namespace {

namespace asio = boost::asio;

constexpr int kExitUsage = 2;
constexpr int kExitInterrupted = 130;

constexpr char kDescription[] =
    "Serves a store of known fingerprints over gRPC, on loopback and Unix sockets only.";

std::string Examples(const std::string& name) {
  return absl::StrCat(
      "Examples:\n  ", name, "\n      the default store on 127.0.0.1:7475\n  ", name,
      " --store /srv/kith --listen 127.0.0.1:0\n      any free port; the line \"listening on\" "
      "names it\n  ",
      name, " --listen '' --unix /run/kith/kith.sock --log-format json\n      no TCP at all\n\n",
      "An option with a name in [brackets] can also be set in the environment by that name, and\n"
      "in a file, but for --config: kith config show.\n"
      "SIGTERM and SIGINT end it once the running calls have ended; a second one at once.");
}

struct CommandLine {
  std::string config;
  int ready_fd = -1;
  std::map<std::string, SettingValue> flags;
};

struct Flag {
  const char* flag;
  const char* setting;
};
constexpr Flag kFlags[] = {
    {"--store", "store.dir"},        {"--listen", "server.listen"},
    {"--unix", "server.unix"},       {"--max-connections", "server.max_connections"},
    {"--threads", "server.threads"}, {"--index-engine", "index.engine"},
    {"--log-format", "log.format"},  {"--log-level", "log.level"},
};

std::string HelpOf(std::string_view setting) {
  for (const SettingSpec& spec : AllSettings()) {
    if (spec.name == setting) {
      return absl::StrCat(std::string(spec.help), " [", std::string(spec.environment), "]");
    }
  }
  return "";
}

// The exit code when the program has nothing more to do.
std::optional<int> Parse(int argc, char** argv, const std::string& name, CommandLine* line) {
  CLI::App app(kDescription, name);
  app.footer(Examples(name));
  app.set_version_flag("--version", std::string("kithd ") + KITH_VERSION);
  app.add_option("--config", line->config,
                 "The configuration file, in TOML; else ~/.config/kith/kith.toml, else "
                 "/etc/kith/kith.toml. [KITH_CONFIG]");
  app.add_option("--ready-fd", line->ready_fd,
                 "Descriptor to which the addresses are written, one a line, when it is ready.");
  std::map<std::string, std::string> values;
  for (const Flag& flag : kFlags) {
    app.add_option(flag.flag, values[flag.flag], HelpOf(flag.setting));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::cerr << name << ": " << ShownText(error.what()) << "\n"
              << "Try `" << name << " --help`.\n";
    return kExitUsage;
  }
  for (const Flag& flag : kFlags) {
    if (app.count(flag.flag) > 0) {
      line->flags[flag.setting] = {values[flag.flag], absl::StrCat("flag ", flag.flag)};
    }
  }
  return std::nullopt;
}

std::map<std::string, std::string> Environment() {
  std::map<std::string, std::string> environment;
  for (char** variable = ::environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string text = *variable;
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) continue;
    const std::string name = text.substr(0, equals);
    if (name == "HOME" || name.rfind("KITH_", 0) == 0) environment[name] = text.substr(equals + 1);
  }
  return environment;
}

void RaiseFileLimit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

// systemd's readiness protocol: a datagram to the socket that it names.
void NotifySystemd(const std::string& message) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un name{};
  if (path == nullptr || path[0] == '\0' || std::strlen(path) >= sizeof(name.sun_path)) return;
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  name.sun_family = AF_UNIX;
  const std::size_t size = std::strlen(path);
  std::memcpy(name.sun_path, path, size);
  if (name.sun_path[0] == '@') name.sun_path[0] = '\0';
  const void* address = &name;
  ::sendto(fd, message.data(), message.size(), MSG_NOSIGNAL, static_cast<const sockaddr*>(address),
           static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size));
  ::close(fd);
}

absl::StatusOr<HolderOptions> OptionsFrom(const Settings& settings) {
  HolderOptions options;
  options.engine.index_engine = settings.Get("index.engine").value;
  options.rpc.reflection = true;
  if (!absl::SimpleAtoi(settings.Get("index.keep_from").value, &options.engine.keep_from) ||
      !absl::SimpleAtoi(settings.Get("server.threads").value, &options.rpc.threads) ||
      !absl::SimpleAtoi(settings.Get("server.max_connections").value,
                        &options.acceptor.max_connections)) {
    return absl::InternalError("a number among the settings was not checked");
  }
  std::vector<std::string> wanted;
  if (const std::string& tcp = settings.Get("server.listen").value; !tcp.empty()) {
    wanted.push_back(tcp);
  }
  if (const std::string& path = settings.Get("server.unix").value; !path.empty()) {
    wanted.push_back(absl::StrCat("unix:", path));
  }
  for (const std::string& text : wanted) {
    absl::StatusOr<Address> address = ParseAddress(text);
    if (!address.ok()) return address.status();
    options.listen.push_back(*std::move(address));
  }
  return options;
}

// The life of the service. Its state belongs to the thread that runs the io_context; opening and
// closing the store, which take long, have a thread each.
class Daemon {
 public:
  Daemon(KithdLog* log, int ready_fd) : log_(log), ready_fd_(ready_fd) {}

  int Run(std::unique_ptr<StoreLock> lock, HolderOptions options, const EngineFactory& factory) {
    WaitForSignal();
    options.engine.progress = [this](const std::string& what, std::uint64_t done,
                                     std::uint64_t total) { TellProgress(what, done, total); };
    options.engine.alarm = [this](const std::string& what) {
      log_->Error(absl::StrCat("index: ", what));
    };
    log_->Info(absl::StrCat("loading store ", lock->store_dir()));
    std::thread opener([this, &options, &factory, lock = std::move(lock)]() mutable {
      auto holder = Holder::Start(std::move(lock), options, factory);
      asio::post(context_, [this, &holder] { Started(std::move(holder)); });
      started_.wait(false);
    });
    context_.run();
    opener.join();
    if (closer_.joinable()) closer_.join();
    return exit_code_;
  }

 private:
  void WaitForSignal() {
    signals_.async_wait([this](const boost::system::error_code& error, int number) {
      if (error) return;
      OnSignal(number);
      WaitForSignal();
    });
  }

  void OnSignal(int number) {
    const std::string name = number == SIGINT ? "SIGINT" : "SIGTERM";
    if (stopping_) ::_exit(kExitInterrupted);
    stopping_ = true;
    if (holder_ == nullptr) {
      // Nobody has been answered yet, and the store survives an end at any moment.
      log_->Always(absl::StrCat(name, " while loading: stopped"));
      ::_exit(0);
    }
    NotifySystemd("STOPPING=1");
    log_->Always(absl::StrCat(name, ": letting running calls end"));
    closer_ = std::thread([this] {
      holder_.reset();
      asio::post(context_, [this] {
        log_->Always("stopped");
        End(0);
      });
    });
  }

  void Started(absl::StatusOr<std::unique_ptr<Holder>> holder) {
    started_.store(true);
    started_.notify_one();
    if (!holder.ok()) {
      log_->Error(std::string(holder.status().message()));
      return End(kExitUsage);
    }
    holder_ = *std::move(holder);
    std::vector<std::string> addresses;
    for (const Address& address : holder_->addresses()) addresses.push_back(address.ToString());
    log_->Always(absl::StrCat("listening on ", absl::StrJoin(addresses, ", ")));
    NotifySystemd("READY=1");
    if (ready_fd_ < 0) return;
    const std::string text = absl::StrCat(absl::StrJoin(addresses, "\n"), "\n");
    if (::write(ready_fd_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
      log_->Error(absl::StrCat("--ready-fd ", ready_fd_, ": cannot be written to"));
    }
    ::close(ready_fd_);
  }

  void End(int exit_code) {
    exit_code_ = exit_code;
    signals_.cancel();
    context_.stop();
  }

  void TellProgress(const std::string& what, std::uint64_t done, std::uint64_t total) {
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard<std::mutex> lock(progress_mutex_);
    if (now - last_progress_ < std::chrono::seconds(1)) return;
    last_progress_ = now;
    log_->Info(total == 0 ? absl::StrCat(what, ": ", done)
                          : absl::StrCat(what, ": ", done, " of ", total));
  }

  KithdLog* const log_;
  const int ready_fd_;
  asio::io_context context_{1};
  asio::signal_set signals_{context_, SIGINT, SIGTERM};
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  std::atomic<bool> started_ = false;
  std::unique_ptr<Holder> holder_;
  std::thread closer_;
  bool stopping_ = false;
  int exit_code_ = 0;
  std::mutex progress_mutex_;
  std::chrono::steady_clock::time_point last_progress_;
};

int Fail(const std::string& name, const absl::Status& status) {
  const auto message = status.message();
  std::cerr << name << ": " << ShownText({message.data(), message.size()}) << "\n";
  return kExitUsage;
}

}  // namespace

int RunKithdWith(int argc, char** argv, const EngineFactory& factory) {
  const std::string name =
      ShownText(std::filesystem::path(argc > 0 ? argv[0] : "kithd").filename().string());
  CommandLine line;
  if (const std::optional<int> done = Parse(argc, argv, name, &line); done) return *done;
  std::map<std::string, std::string> environment = Environment();
  if (!line.config.empty()) environment["KITH_CONFIG"] = line.config;
  const absl::StatusOr<Settings> settings = Settings::Resolve(environment, line.flags);
  if (!settings.ok()) return Fail(name, settings.status());
  absl::StatusOr<HolderOptions> options = OptionsFrom(*settings);
  if (!options.ok()) return Fail(name, options.status());

  std::signal(SIGPIPE, SIG_IGN);
  RaiseFileLimit();
  const std::string& store = settings->Get("store.dir").value;
  absl::StatusOr<StoreLock::Attempt> attempt = StoreLock::TryAcquire(store, true, name);
  if (!attempt.ok()) return Fail(name, attempt.status());
  if (attempt->lock == nullptr) {
    return Fail(name, absl::FailedPreconditionError(absl::StrCat(
                          "store ", store, " is held by ", HolderText(attempt->holder, store),
                          "; end it, or give another --store")));
  }
  KithdLog log(settings->Get("log.format").value, settings->Get("log.level").value);
  if (!attempt->open_to_others.empty()) log.Warning(attempt->open_to_others);
  if (attempt->is_new) {
    // A service must start on a new machine, but a mistyped --store recognizes nothing for ever.
    log.Warning(absl::StrCat("making a new, empty store at ", attempt->lock->store_dir(),
                             ": there was none; it recognizes nothing until hash sets are in it"));
  }
  return Daemon(&log, line.ready_fd).Run(std::move(attempt->lock), *std::move(options), factory);
}

}  // namespace kith::server
