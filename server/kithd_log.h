// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what kithd tells whoever runs it, one event a line on stderr.
//
// Thread-safety: may be called from any thread; lines do not mix.
#pragma once

#include <memory>
#include <string>

namespace kith::server {

// What kithd tells on stderr, one event a line: as text, or as JSON with time, level and message.
// Thread-safe.
class KithdLog {
 public:
  // `format`: text or json. `level`: debug, info, warning or error (server/settings.h).
  KithdLog(const std::string& format, const std::string& level);
  ~KithdLog();
  KithdLog(const KithdLog&) = delete;
  KithdLog& operator=(const KithdLog&) = delete;

  void Info(const std::string& message);
  void Warning(const std::string& message);
  void Error(const std::string& message);
  // At level info, whatever the least level is: others wait for this line.
  void Always(const std::string& message);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kith::server
