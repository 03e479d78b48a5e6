// SPDX-License-Identifier: Apache-2.0
#include "hashing/cage/posture.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hashing/cage/internal/measures.h"

namespace kith::hashing::cage {

bool Posture::whole() const { return std::ranges::all_of(measures, &Measure::enforced); }

namespace internal {

using hashing::internal::CageHello;

Posture PostureOf(const CageHello& hello, const std::string& worker_path) {
  namespace bits = hashing::internal;
  Posture posture{.worker_path = worker_path, .measures = {}};
  const auto add = [&](std::uint32_t bit, const char* name, const char* what, std::string remark,
                       const char* why_not) {
    const bool enforced = (hello.measures & bit) != 0;
    posture.measures.push_back({.name = name,
                                .what = what,
                                .enforced = enforced,
                                .remark = enforced ? std::move(remark) : why_not});
  };
  constexpr char kRefused[] = "the kernel refused it";
  posture.measures.push_back({.name = "process",
                              .what = "pictures are decoded in a process of their own",
                              .enforced = true,
                              .remark = worker_path});
  add(bits::kSeccomp, "seccomp", "it computes and answers; other system calls fail or end it",
      (hello.measures & bits::kSeccompRelaxed) != 0 ? "relaxed: a sanitizer build" : "",
      "the kernel has no seccomp filters");
  add(bits::kLandlock, "landlock", "no file, no connection, by a second lock",
      absl::StrCat("version ", hello.landlock_abi), "the kernel has no Landlock, or it is off");
  add(bits::kOpensNothing, "opens_nothing", "it tried to open a file and could not", "",
      "it could open a file");
  add(bits::kAddressSpace, "address_space", "its memory is limited",
      absl::StrCat(hello.address_space_bytes >> 20, " MiB of addresses"),
      "not limited (a sanitizer build, or the kernel refused it)");
  add(bits::kProcessorTime, "processor_time", "its processor time is limited", "", kRefused);
  add(bits::kNoFilesNoCore, "no_files", "no bytes into files, no core dump, few descriptors", "",
      kRefused);
  add(bits::kNoNewPrivileges, "no_new_privileges", "it can gain no rights", "", kRefused);
  add(bits::kNotDumpable, "not_dumpable", "other programs cannot look into it", "", kRefused);
  add(bits::kDiesWithParent, "dies_with_parent", "it ends with the program that started it", "",
      kRefused);
  add(bits::kOneThread, "one_thread", "it has one thread, so all of this holds for all of it", "",
      "a library has started threads");
  return posture;
}

}  // namespace internal
}  // namespace kith::hashing::cage
