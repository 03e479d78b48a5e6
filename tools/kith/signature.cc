// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/signature.h"

#include <string>

namespace kith::cli {

void AddSignatureFlags(CLI::App& verb, const Program& program, v1::Signature& signature) {
  for (const char* name : {"KITH_WHO", "USER"}) {
    const auto found = program.environment.find(name);
    if (found == program.environment.end() || found->second.empty()) continue;
    signature.set_who(found->second);
    break;
  }
  verb.add_option("--who", *signature.mutable_who(),
                  "Who says so (default: KITH_WHO, else the user's name)")
      ->type_name("NAME")
      ->group("Record");
  verb.add_option("--why", *signature.mutable_why(), "Why")->type_name("TEXT")->group("Record");
}

}  // namespace kith::cli
