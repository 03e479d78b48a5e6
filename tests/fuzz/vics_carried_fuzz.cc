// SPDX-License-Identifier: Apache-2.0
// What a store carries of a VICS record is refused, or its members are found and taken out.
#include "tests/fuzz/fuzz.h"
#include "tools/exchange/internal/vics_carried.h"

using kith::exchange::CarriedMembers;
using kith::exchange::ParseCarried;
using kith::exchange::WithoutMember;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  CarriedMembers members;
  const bool read = members.Read(text);
  FUZZ_CHECK(!read || ParseCarried(text).is_object());
  const std::string without = WithoutMember(text, "CATEGORY");
  if (!read) return 0;
  CarriedMembers rest;
  FUZZ_CHECK(rest.Read(without));
  FUZZ_CHECK(!rest.Has("CATEGORY"));
  for (const char* name : {"MD5", "SERIES", "ALTERNATIVEHASHES"}) {
    FUZZ_CHECK(rest.Has(name) == members.Has(name));
  }
  return 0;
}

std::vector<std::string> kith::fuzz::Seeds() {
  return {
      R"({"MediaID":1,"Category":5,"category":"x","Exifs":[{"PropertyName":"a","n":[1.5,null]}]})",
      R"({"MD5":"00","AlternativeHashes":[{"HashName":"SHA256","HashValue":"aB"},{"HashName":1}]})",
      "{}", R"({"a":)" + std::string(80, '[') + std::string(80, ']') + "}",
      R"({"a":)" + std::string(30, '[') + std::string(30, ']') + R"(,"Series":"\u00e9 \"q\""})"};
}
