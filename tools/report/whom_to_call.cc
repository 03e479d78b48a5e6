// SPDX-License-Identifier: Apache-2.0
#include "tools/report/whom_to_call.h"

namespace kith::report {

WhomToCall WhomToCallOf(const v1::Contact& contact, const std::string& desk) {
  WhomToCall whom{.name = contact.name(), .ways = {}, .desk = ""};
  for (const std::string& way : {contact.phone(), contact.email()}) {
    if (!way.empty()) whom.ways.push_back(way);
  }
  if (whom.ways.empty()) whom.desk = desk;
  return whom;
}

std::string WhomToCallText(const v1::Contact& contact, const std::string& desk) {
  const WhomToCall whom = WhomToCallOf(contact, desk);
  if (whom.nobody()) return whom.desk;
  std::string text = whom.name;
  for (const std::string& way : whom.ways) text += (text.empty() ? "" : ", ") + way;
  return whom.desk.empty() ? text : text + ", desk " + whom.desk;
}

}  // namespace kith::report
