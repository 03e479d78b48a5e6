// SPDX-License-Identifier: Apache-2.0
//
// What is known changes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/server/store.h"

namespace kith::server {

class EngineChangeTest : public StoreTest {
 protected:
  v1::Series GetSeries(const std::string& code, std::uint64_t* entries = nullptr) {
    v1::GetSeriesRequest request;
    request.set_code(code);
    const auto got = engine().GetSeries(request);
    EXPECT_TRUE(got.ok()) << got.status();
    if (!got.ok()) return {};
    if (entries != nullptr) *entries = got->entries();
    return got->series();
  }
  absl::Status Merge(const std::string& code, const std::string& into) {
    v1::MergeSeriesRequest request;
    request.set_code(code);
    request.set_into(into);
    request.mutable_signature()->set_who("J. Jansen");
    request.mutable_signature()->set_why("same room");
    return engine().MergeSeries(request).status();
  }
  absl::Status Alias(const std::string& code, const std::string& alias) {
    v1::SetSeriesAliasRequest request;
    request.set_code(code);
    request.mutable_alias()->set_alias(alias);
    request.mutable_alias()->set_scheme("VICS");
    return engine().SetSeriesAlias(request).status();
  }
  absl::StatusOr<v1::SupersedeContactResponse> Supersede(std::uint64_t id, std::uint64_t by) {
    v1::SupersedeContactRequest request;
    request.set_contact_id(id);
    request.set_by_contact_id(by);
    return engine().SupersedeContact(request);
  }
  std::vector<std::string> History(const std::string& code) {
    v1::GetSeriesHistoryRequest request;
    request.set_code(code);
    const auto history = engine().GetSeriesHistory(request);
    EXPECT_TRUE(history.ok()) << history.status();
    std::vector<std::string> what;
    if (!history.ok()) return what;
    for (const auto& event : history->events()) what.push_back(event.change().what());
    return what;
  }
};

}  // namespace kith::server
