// SPDX-License-Identifier: Apache-2.0
//
// Purpose: answers that hold one record, and pages of lists.
//
// Thread-safety: pure functions.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "server/internal/paging.h"

namespace kith::server {

template <typename Response, typename Record>
absl::StatusOr<Response> Respond(absl::StatusOr<Record> record,
                                 Record* (Response::*mutable_record)()) {
  if (!record.ok()) return record.status();
  Response response;
  *(response.*mutable_record)() = *std::move(record);
  return response;
}

// Moves a page of records into the response; `records` holds one more than the page if another
// page follows.
template <typename Records, typename Add, typename IdOf>
std::string FillPage(std::string_view list, const Page& page, const Records& records, Add add,
                     IdOf id_of) {
  const std::size_t count = std::min(page.size, records.size());
  for (std::size_t i = 0; i < count; ++i) add(records[i]);
  return records.size() > page.size ? MakePageToken(list, id_of(records[count - 1])) : "";
}

}  // namespace kith::server
