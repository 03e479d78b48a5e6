// SPDX-License-Identifier: Apache-2.0
#include "tools/exchange/internal/json_stream.h"

#include <fmt/format.h>

namespace kith::exchange {

bool JsonStream::Fill() {
  if (ended_ || !status_.ok()) return false;
  if (Tell() - marked_ > kMaxTokenBytes) {
    status_ = absl::InvalidArgumentError(
        fmt::format("byte {}: a value longer than {} MiB", marked_, kMaxTokenBytes >> 20U));
    return false;
  }
  const bool first = begin_ == nullptr;
  base_ = Tell();
  auto more = source_.Next();
  if (!more.ok()) {
    status_ = more.status();
    return false;
  }
  begin_ = at_ = more->data();
  end_ = begin_ + more->size();
  if (first && more->starts_with(kByteOrderMark)) at_ += kByteOrderMark.size();
  ended_ = more->empty();
  return at_ != end_;
}

absl::Status JsonStream::Explain(const rapidjson::ParseResult& result) const {
  if (!status_.ok()) return status_;
  if (result.IsError() && ended_) {
    return absl::InvalidArgumentError(fmt::format(
        "the file ends in the middle, at byte {}: it is cut off; fetch it again", Tell()));
  }
  if (result.IsError()) {
    return absl::InvalidArgumentError(fmt::format("byte {}: no JSON: {}", result.Offset(),
                                                  rapidjson::GetParseError_En(result.Code())));
  }
  // A zero byte ends a text for the parser, but not the file.
  if (!ended_) return absl::InvalidArgumentError(fmt::format("byte {}: a zero byte", Tell()));
  return absl::OkStatus();
}

}  // namespace kith::exchange
