// SPDX-License-Identifier: Apache-2.0
#include "tools/report/draft.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <set>
#include <utility>

namespace kith::report {
namespace {

struct Drafts {
  std::mutex mutex;
  std::set<std::string> names;
};

Drafts& AllDrafts() {
  static Drafts drafts;
  return drafts;
}

}  // namespace

Draft::~Draft() {
  if (name_.empty()) return;
  ::unlink(name_.c_str());
  Moved();
}

int Draft::Open(const std::string& path) {
  std::string name = path + ".part-XXXXXX";
  Drafts& drafts = AllDrafts();
  // Made and listed in one step: there is no moment in which it would be left behind.
  const std::lock_guard lock(drafts.mutex);
  const int fd = ::mkostemp(name.data(), O_CLOEXEC);
  if (fd < 0) return fd;
  drafts.names.insert(name);
  name_ = std::move(name);
  return fd;
}

void Draft::Moved() {
  Drafts& drafts = AllDrafts();
  const std::lock_guard lock(drafts.mutex);
  drafts.names.erase(name_);
  name_.clear();
}

void RemoveDrafts() {
  Drafts& drafts = AllDrafts();
  drafts.mutex.lock();  // and never given back
  for (const std::string& name : drafts.names) ::unlink(name.c_str());
}

}  // namespace kith::report
