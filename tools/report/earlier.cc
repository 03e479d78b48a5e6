// SPDX-License-Identifier: Apache-2.0
#include "tools/report/earlier.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "tools/report/kinds.h"
#include "tools/report/path_text.h"

namespace kith::report {
namespace {

// A scope holds a root of 64 KiB and a MiB of places that could not be seen; escaped, more.
constexpr std::size_t kHeadBytes = std::size_t{8} << 20;

// What a report is of, as its JSON says it.
struct Subject {
  std::string case_name;
  std::string series;
  std::string root;
  std::string root_base64;

  friend bool operator==(const Subject&, const Subject&) = default;
};

// Listens to the JSON of a report until its scope ends, and needs nothing of what comes behind.
class ScopeListener : public nlohmann::json_sax<nlohmann::json> {
 public:
  [[nodiscard]] bool heard() const { return is_report_ && ended_; }
  [[nodiscard]] const Subject& subject() const { return subject_; }

  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(number_integer_t /*value*/) override { return true; }
  bool number_unsigned(number_unsigned_t /*value*/) override { return true; }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return true; }
  bool binary(binary_t& /*value*/) override { return true; }
  bool string(string_t& value) override {
    if (depth_ == 1 && key_ == "type") is_report_ = value == "report";
    if (depth_ == 2 && in_scope_) {
      if (key_ == "case") subject_.case_name = value;
      if (key_ == "series") subject_.series = value;
      if (key_ == "root") subject_.root = value;
      if (key_ == "root_base64") subject_.root_base64 = value;
    }
    return true;
  }
  bool start_object(std::size_t /*elements*/) override {
    if (++depth_ == 2) in_scope_ = key_ == "scope";
    return true;
  }
  bool key(string_t& value) override {
    if (depth_ <= 2) key_ = value;
    return true;
  }
  bool end_object() override {
    ended_ = depth_-- == 2 && in_scope_;
    return !ended_;
  }
  // Nothing in a list is at the depth of what is listened to.
  bool start_array(std::size_t /*elements*/) override {
    ++depth_;
    return true;
  }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool parse_error(std::size_t /*at*/, const std::string& /*last*/,
                   const nlohmann::json::exception& /*why*/) override {
    return false;
  }

 private:
  int depth_ = 0;
  std::string key_;
  bool is_report_ = false;
  bool in_scope_ = false;
  bool ended_ = false;
  Subject subject_;
};

// The first bytes of a file; nothing where there is no file of that name.
absl::StatusOr<std::optional<std::string>> Head(const std::string& path) {
  const auto failed = [&path](int error) {
    return absl::FailedPreconditionError(
        "cannot read " + EscapeText(path) +
        ", which the report would replace: " + std::strerror(error));
  };
  // A pipe of that name must not be waited for.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 && errno == ENOENT) return std::nullopt;
  if (fd < 0) return failed(errno);
  std::string head(kHeadBytes, '\0');
  std::size_t filled = 0;
  int error = 0;
  while (error == 0 && filled < head.size()) {
    const ssize_t got = ::read(fd, head.data() + filled, head.size() - filled);
    if (got == 0) break;
    if (got > 0) {
      filled += static_cast<std::size_t>(got);
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  ::close(fd);
  if (error != 0) return failed(error);
  head.resize(filled);
  return head;
}

Subject SubjectOf(v1::ReportKind kind, const v1::ReportScope& scope) {
  Subject subject;
  subject.case_name = scope.case_name();
  subject.series = scope.series();
  const bool is_look_up = scope.case_name().empty() && KindIsOfACase(kind);
  if (!is_look_up) return subject;
  nlohmann::ordered_json root;
  PutBytes(root, "root", scope.root());
  subject.root = root.value("root", "");
  subject.root_base64 = root.value("root_base64", "");
  return subject;
}

std::string WhatItIsOf(v1::ReportKind kind, const Subject& subject) {
  if (!subject.case_name.empty()) return "is of case " + EscapeText(subject.case_name);
  if (!subject.series.empty()) return "is of series " + EscapeText(subject.series);
  if (!KindIsOfACase(kind)) return "is of all cases";
  return "tells of a look-up of " + EscapeText(subject.root) + ", which is on record nowhere";
}

}  // namespace

absl::Status MayReplace(const std::string& folder, v1::ReportKind kind,
                        const v1::ReportScope& scope) {
  const std::string path = folder + "/" + KindFile(kind) + ".json";
  const auto head = Head(path);
  if (!head.ok()) return head.status();
  if (!head->has_value()) return absl::OkStatus();
  const std::string shown = EscapeText(path);
  ScopeListener listener;
  (void)nlohmann::json::sax_parse(**head, &listener);
  if (!listener.heard()) {
    return absl::FailedPreconditionError(
        shown + " is there and is no whole report; name another folder with --out");
  }
  Subject there = listener.subject();
  const Subject wanted = SubjectOf(kind, scope);
  // A case is told of with all its folders, whichever of them was checked last.
  if (!there.case_name.empty() || !KindIsOfACase(kind)) there.root = there.root_base64 = "";
  if (there == wanted) return absl::OkStatus();
  return absl::FailedPreconditionError(shown + " " + WhatItIsOf(kind, there) +
                                       "; name another folder with --out");
}

}  // namespace kith::report
