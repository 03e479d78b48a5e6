// SPDX-License-Identifier: Apache-2.0
#include "server/kithd_log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "server/kithd_text.h"

namespace kith::server {
namespace {

// %* in a pattern: the message as one line that is safe to show.
class TextMessage final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    const std::string text = ShownText({message.payload.data(), message.payload.size()});
    out.append(text.data(), text.data() + text.size());
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<TextMessage>();
  }
};

// %* in a pattern: the message as a JSON string, in ASCII.
class JsonMessage final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    const std::string text(message.payload.data(), message.payload.size());
    const std::string quoted =
        nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
    out.append(quoted.data(), quoted.data() + quoted.size());
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<JsonMessage>();
  }
};

std::unique_ptr<spdlog::formatter> Formatter(const std::string& format) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  if (format == "json") {
    formatter->add_flag<JsonMessage>('*').set_pattern(
        R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","message":%*})");
  } else {
    formatter->add_flag<TextMessage>('*').set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %*");
  }
  return formatter;
}

}  // namespace

struct KithdLog::Impl {
  explicit Impl(std::shared_ptr<spdlog::sinks::stderr_sink_mt> to)
      : logger("kithd", to), always("kithd", std::move(to)) {}
  spdlog::logger logger;
  spdlog::logger always;
};

KithdLog::KithdLog(const std::string& format, const std::string& level)
    : impl_(std::make_unique<Impl>(std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
  impl_->logger.sinks().front()->set_formatter(Formatter(format));
  impl_->logger.set_level(spdlog::level::from_str(level));
}
KithdLog::~KithdLog() = default;

// "{}": a message is data, never a format.
void KithdLog::Info(const std::string& message) { impl_->logger.info("{}", message); }
void KithdLog::Warning(const std::string& message) { impl_->logger.warn("{}", message); }
void KithdLog::Error(const std::string& message) { impl_->logger.error("{}", message); }
void KithdLog::Always(const std::string& message) { impl_->always.info("{}", message); }

}  // namespace kith::server
