// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "hashing/cage/caged_fingerprinter.h"
#include "tools/kith/command_line.h"
#include "tools/kith/table.h"
#include "tools/kith/verbs.h"
#include "tools/report/path_text.h"

namespace kith::cli {
namespace {

int Examine(const Program& program) {
  const auto cage = hashing::cage::CagedFingerprinter::Start({});
  if (!cage.ok()) return Fail(cage.status());
  const hashing::cage::Posture& posture = (*cage)->posture();
  Table table({"CAGE", "HOLDS", "WHAT", "REMARK"});
  for (const hashing::cage::Measure& measure : posture.measures) {
    if (program.json) {
      PrintJson({{"type", "cage"},
                 {"name", measure.name},
                 {"enforced", measure.enforced},
                 {"what", measure.what},
                 {"remark", report::ToUtf8(measure.remark)}});
    }
    table.Add({measure.name, measure.enforced ? "yes" : "NO", measure.what, measure.remark});
  }
  if (program.json) return kExitDone;
  for (const std::string& line : table.Lines()) PrintLine(line);
  PrintLine("");
  PrintLine(
      posture.whole()
          ? "Pictures are decoded in a cage, and all of it holds on this machine."
          : "Pictures are decoded in a cage, but this machine lacks parts of it: see NO above. "
            "Check hostile media where all of it holds.");
  return kExitDone;
}

}  // namespace

void AddDoctorVerb(CLI::App& app, Program& program) {
  CLI::App* verb = AddVerb(
      app, program, "doctor",
      "Tells how this machine holds what decodes pictures: seized ones may be made to attack it.\n"
      "A part that the kernel lacks is said, and is no error: the others hold without it.",
      "kith doctor\n"
      "kith doctor --json\n"
      "kith doctor --json | jq 'select(.enforced | not)'");
  OnRun(*verb, program, [&program] { return Examine(program); });
}

}  // namespace kith::cli
