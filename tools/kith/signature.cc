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

void AddWhoFlag(CLI::App& verb, const Program& program, std::string& who) {
  const auto [name, whence] = DefaultWho(program);
  who = name;
  const CLI::Option* flag =
      verb.add_option("--who", who, "Who says so (default: KITH_WHO, else the user's name)")
          ->type_name("NAME")
          ->group("Record");
  // A name that was given is looked at with all other words.
  verb.parse_complete_callback([flag, name = name, whence = whence] {
    const std::string_view why = flag->count() > 0 ? "" : report::WhyNoText(name);
    if (why.empty()) return;
    throw CLI::ValidationError(whence,
                               name + " " + std::string(why) + ": say who you are with --who NAME");
  });
}

void AddSignatureFlags(CLI::App& verb, const Program& program, v1::Signature& signature) {
  AddWhoFlag(verb, program, *signature.mutable_who());
  verb.add_option("--why", *signature.mutable_why(), "Why")->type_name("TEXT")->group("Record");
}

void AddFullSignatureFlags(CLI::App& verb, const Program& program, v1::Signature& signature) {
  AddSignatureFlags(verb, program, signature);
  verb.get_option("--why")->required();
}

}  // namespace kith::cli
