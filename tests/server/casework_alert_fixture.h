// SPDX-License-Identifier: Apache-2.0
//
// Cases on record, what is told of them later, and what becomes of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/server/casework_fixture.h"

namespace kith::server::testing {

// "f17". Not by +: GCC 12 warns falsely (GCC bug 105651).
inline std::string FileName(std::uint64_t number) {
  std::string name = "f";
  name += std::to_string(number);
  return name;
}

class AlertTest : public CaseworkTest {
 protected:
  // All records of a list, one by one, so that every test pages.
  template <typename Request, typename Response, typename Record, typename Home>
  std::vector<Record> Paged(Request request, absl::StatusOr<Response> (Home::*list)(const Request&),
                            const google::protobuf::RepeatedPtrField<Record>& (Response::*records)()
                                const) {
    request.set_page_size(1);
    std::vector<Record> all;
    do {
      const Response page = Must((engine_.get()->*list)(request));
      all.insert(all.end(), (page.*records)().begin(), (page.*records)().end());
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return all;
  }
  std::vector<v1::Alert> Alerts(bool closed_too = false) {
    v1::ListAlertsRequest request;
    request.set_closed_too(closed_too);
    return Paged(request, &Engine::ListAlerts, &v1::ListAlertsResponse::alerts);
  }
  // "CASE: what: subject (files)"
  std::vector<std::string> Words(bool closed_too = false) {
    std::vector<std::string> words;
    for (const v1::Alert& alert : Alerts(closed_too)) {
      words.push_back(alert.case_name() + ": " + alert.what() + ": " + alert.subject() + " (" +
                      std::to_string(alert.files()) + ")");
    }
    return words;
  }
  std::vector<v1::AlertFile> FilesOf(std::uint64_t alert_id) {
    v1::GetAlertRequest request;
    request.set_alert_id(alert_id);
    return Paged(request, &Engine::GetAlert, &v1::GetAlertResponse::files);
  }
  void Switch(const std::string& set, bool enabled) {
    v1::SetHashSetEnabledRequest request;
    request.set_name(set);
    request.set_enabled(enabled);
    Must(engine_->SetHashSetEnabled(request));
  }
  void Refresh(const std::string& name) {
    v1::RefreshCaseRequest request;
    request.set_name(name);
    Must(engine_->RefreshCase(request));
  }
  absl::StatusOr<v1::PurgeCaseResponse> Purge(const std::string& name) {
    v1::PurgeCaseRequest request;
    request.set_name(name);
    request.mutable_signature()->set_who("J. Jansen");
    request.mutable_signature()->set_why("court order");
    return engine_->PurgeCase(request);
  }
};

}  // namespace kith::server::testing
