// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/signature.h"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "tools/report/path_text.h"

namespace kith::cli {
namespace {

// As the system knows the user: services and containers have no USER.
std::string NameOfUser() {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  const int failed = ::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found);
  return failed == 0 && found != nullptr ? found->pw_name : "";
}

// Who signs where --who is not given, and whence the name is.
std::pair<std::string, std::string> DefaultWho(const Program& program) {
  for (const char* name : {"KITH_WHO", "USER"}) {
    const auto found = program.environment.find(name);
    if (found != program.environment.end() && !found->second.empty()) return {found->second, name};
  }
  // Asked once: every verb that signs has the same default.
  static const std::string kUser = NameOfUser();
  return {kUser, "the user's name"};
}

}  // namespace

void AddSignatureFlags(CLI::App& verb, const Program& program, v1::Signature& signature) {
  const auto [name, whence] = DefaultWho(program);
  signature.set_who(name);
  const CLI::Option* who = verb.add_option("--who", *signature.mutable_who(),
                                           "Who says so (default: KITH_WHO, else the user's name)")
                               ->type_name("NAME")
                               ->group("Record");
  verb.add_option("--why", *signature.mutable_why(), "Why")->type_name("TEXT")->group("Record");
  // A name that was given is looked at with all other words.
  verb.parse_complete_callback([who, name = name, whence = whence] {
    const std::string_view why = who->count() > 0 ? "" : report::WhyNoText(name);
    if (why.empty()) return;
    throw CLI::ValidationError(whence,
                               name + " " + std::string(why) + ": say who you are with --who NAME");
  });
}

}  // namespace kith::cli
