// SPDX-License-Identifier: Apache-2.0
//
// Purpose: a way to an engine for programs of this project: in this process, in another that holds
// the store, or behind an address; the program kithd; and how every program starts and ends.
//
// Thread-safety: Connect may be called from any thread, and a Connection used by many at once.
// RunKithd is a whole program: once, by main(), as StartProcess and EndProcess.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/settings.h"

namespace grpc {
class Channel;
}

namespace kith::server {

struct ConnectOptions {
  // HOST:PORT or unix:PATH of a kithd. Empty: the store is opened in this process, or, where
  // another process holds it, spoken to through the socket in the store.
  std::string server;
  std::string store_dir;
  // Make the store where none is, in a folder that is not there or holds nothing else.
  bool create = true;
  std::string index_engine = "mih";
  std::size_t index_keep_from = 65536;  // see the setting index.keep_from
  // Who holds the store, for whoever else finds it held: "kith check", "kithd".
  std::string program;
  // Told while the index is rebuilt.
  std::function<void(const std::string& what, std::uint64_t done, std::uint64_t total)> progress;
  // Told what is wrong with a store that is opened here all the same.
  std::function<void(const std::string& what)> warn;
  // Where set, and the store is opened here: the end of the connection waits until no other program
  // uses the store through this one. Told once, when there is one to wait for.
  std::function<void()> others_wait;
  int timeout_ms = 10'000;
};

// A way to an engine. The calls are the same (proto/kith/v1) whether it stands in this process, in
// another that holds the store, or behind an address. Thread-safe. When the connection to a holder
// breaks because the holder was ended by a signal, calls fail with UNAVAILABLE; Connect again. No
// call may begin on the channel once the connection is destroyed.
//
// MatchStream: what is sent ahead of the answers is bounded. A client that writes and reads in one
// thread may be one batch ahead, no more, or it waits for itself.
class Connection {
 public:
  virtual ~Connection() = default;
  [[nodiscard]] virtual std::shared_ptr<grpc::Channel> channel() const = 0;
  // True when this process holds the store.
  [[nodiscard]] virtual bool is_holder() const = 0;
  // For people: "store /x", "store /x held by kithd (pid 7)", "server 127.0.0.1:7117".
  [[nodiscard]] virtual std::string description() const = 0;
};

// Opens the way. While it holds the store, this process answers others through a Unix socket in the
// store; destroying the connection waits for them (others_wait), lets running calls end, then gives
// the store up.
// Errors: those of Engine::Open; UNAVAILABLE when the server or the holder does not answer in time
// (names it); INVALID_ARGUMENT for an address that is not loopback or a Unix socket.
// Cost: O(entries) when the store is opened here, else one round trip.
[[nodiscard]] absl::StatusOr<std::unique_ptr<Connection>> Connect(const ConnectOptions& options);

// First thing in main(). A program that calls it has, before its libraries are loaded, something
// that gives no data and takes none where standard input, output or error is closed: else the next
// file that is opened would get its number, and what is printed go into the lock of the store. A
// limit on the size of files (ulimit -f) becomes an error of the write, as a full disk is, instead
// of a signal that ends the program without a word. And its memory, which may hold hashes, goes
// into no core dump, nor to a debugger of the same user.
void StartProcess();

// Last thing in main(): the exit code, which is no success where standard output took not all, for
// a full disk must not look like one. Says so on standard error.
[[nodiscard]] int EndProcess(const std::string& program, int exit_code);

// The program kithd, and `kith serve`: argv[0] is its name. Returns the exit code.
int RunKithd(int argc, char** argv);

}  // namespace kith::server
