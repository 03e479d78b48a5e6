// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/usage.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string_view>
#include <system_error>
#include <vector>

#include "tools/kith/nearest.h"
#include "tools/report/path_text.h"

namespace kith::cli {
namespace {

std::vector<std::string> OptionNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

std::vector<std::string> VerbNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands({})) names.push_back(verb->get_name());
  return names;
}

bool Knows(const CLI::App& verb, const std::string& flag) {
  const std::vector<std::string> names = OptionNames(verb);
  return std::find(names.begin(), names.end(), flag) != names.end();
}

// A flag that stands before the verb that knows it: how it is written; "" where none knows it.
std::string AfterItsVerb(const CLI::App& reached, const std::string& words,
                         const std::string& flag) {
  if (Knows(reached, flag)) return words + " " + flag;
  for (const CLI::App* verb : reached.get_subcommands({})) {
    if (Knows(*verb, flag)) return words + " " + verb->get_name() + " " + flag;
  }
  return "";
}

// CLI11 puts what it checks behind the name of the type: "BITS:INT in [0 - 31]".
std::string TypeOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  return type.substr(0, type.find(':'));
}

// Names and texts become strings of the protocol, which are UTF-8. Paths and addresses may be any
// bytes, and a hash is told what is wrong with it by its own parser.
bool MayBeAnyBytes(const CLI::Option& option) {
  static constexpr std::array<std::string_view, 6> kTypes = {"ADDRESS", "DIR",  "FILE",
                                                             "FOLDER",  "HASH", "PATH"};
  return std::find(kTypes.begin(), kTypes.end(), TypeOf(option)) != kTypes.end();
}

// What is wrong with the bytes of an argument; "" where nothing is.
std::string ExplainText(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    if (MayBeAnyBytes(*option)) continue;
    for (const std::string& value : option->results()) {
      const std::string_view why = report::WhyNoText(value);
      if (why.empty()) continue;
      const std::vector<std::string>& names = option->get_lnames();
      return (names.empty() ? TypeOf(*option) : "--" + names.front()) + " " +
             report::EscapeText(value) + " " + std::string(why) +
             ": names and texts are UTF-8 without control characters";
    }
  }
  for (const CLI::App* verb : app.get_subcommands()) {
    if (std::string why = ExplainText(*verb); !why.empty()) return why;
  }
  return "";
}

std::string NameOf(const CLI::Option& option) {
  const std::vector<std::string>& names = option.get_lnames();
  return names.empty() ? option.get_single_name() : "--" + names.front();
}

// CLI11 would take a number with a zero before it for octal, and 0x5 and 1_000 for numbers.
bool IsPlainNumber(const std::string& value) {
  std::uint64_t number = 0;
  const char* const end = value.data() + value.size();
  const auto [stopped, error] = std::from_chars(value.data(), end, number);
  return error == std::errc() && stopped == end && (value.size() == 1 || value.front() != '0');
}

// Of a plain number that no check of CLI11 bounds: such have 32 bits.
bool IsTooLarge(const CLI::Option& option, const std::string& value) {
  if (option.get_type_name() != "N") return false;
  std::uint64_t number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number > std::numeric_limits<std::uint32_t>::max();
}

// Where the numbers of things are shown that an argument may name.
std::string WhereNumbersAre(std::string_view verb, const CLI::Option& option) {
  const std::string name = NameOf(option);
  if (verb.starts_with("alert ")) return "alerts are named by theirs, as kith alert list";
  if (verb.starts_with("cluster ")) return "clusters are named by theirs, as kith cluster list";
  if (verb.starts_with("contact ") || name.ends_with("contact")) {
    return "contacts are named by theirs, as kith contact list";
  }
  return "entries are named by theirs, as kith entry list";
}

// What is no number in the arguments of a verb; "" where nothing is. `words`: "kith entry show".
std::string ExplainNumbers(const CLI::App& verb, std::string_view words) {
  const std::string_view of = words.substr(std::min(words.size(), words.find(' ') + 1));
  for (const CLI::Option* option : verb.get_options()) {
    const std::string type = TypeOf(*option);
    if (type != "ID" && type != "BITS" && type != "N") continue;
    for (const std::string& value : option->results()) {
      if (IsPlainNumber(value)) {
        if (!IsTooLarge(*option, value)) continue;
        return NameOf(*option) + " " + value + " is too large: at most 4294967295";
      }
      const std::string shown = report::EscapeText(value) + " is no number";
      if (type == "ID") return shown + ": " + WhereNumbersAre(of, *option) + " shows them";
      return NameOf(*option) + " " + shown + ": write it in digits, without zeros before it";
    }
  }
  return "";
}

// An empty word where something is to be named: the variable of a script that was never set. It
// must not count as "not given", nor as "all". Texts may be empty, and a verb that edits clears
// what is given empty.
std::string ExplainEmpty(const CLI::App& app) {
  const bool edits = app.get_name() == "edit";
  for (const CLI::Option* option : app.get_options()) {
    if (TypeOf(*option) == "TEXT") continue;
    if (edits && !option->get_required() && option->get_group() == "Options") continue;
    for (const std::string& value : option->results()) {
      if (!value.empty()) continue;
      return NameOf(*option) + " is empty: give " + TypeOf(*option) +
             (option->get_required() ? "" : ", or leave it out");
    }
  }
  for (const CLI::App* verb : app.get_subcommands()) {
    if (std::string why = ExplainEmpty(*verb); !why.empty()) return why;
  }
  return "";
}

// A flag that stands both before the verb and behind it, where one would win without a word; "".
std::string ExplainTwice(const CLI::App& app, const CLI::App& verb, const std::string& words) {
  if (&app == &verb) return "";
  for (const CLI::Option* before : app.get_options()) {
    if (before->results().empty() || TypeOf(*before).empty()) continue;
    for (const CLI::Option* behind : verb.get_options()) {
      if (behind->results().empty() || NameOf(*before) != NameOf(*behind)) continue;
      return NameOf(*before) + " is given twice, before " + words.substr(words.find(' ') + 1) +
             " and behind it: give it once";
    }
  }
  return "";
}

// What somebody looks for by a verb that is a flag here.
std::string FlagMeant(const std::string& word) {
  return word == "help" || word == "version" ? "--" + word : "";
}

}  // namespace

const CLI::App* Reached(const CLI::App& app, std::string& words) {
  const CLI::App* at = &app;
  words = app.get_name();
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().back();
    words += " " + at->get_name();
  }
  return at;
}

std::string ExplainExtras(const CLI::App& app) {
  std::string words;
  const CLI::App* verb = Reached(app, words);
  for (const std::string& extra : app.remaining(true)) {
    if (extra == "--") continue;
    const std::string shown = report::EscapeText(extra);
    const std::string flag = extra.substr(0, extra.find('='));
    if (flag.size() > 1 && flag.front() == '-') {
      if (const std::string right = AfterItsVerb(*verb, words, flag); !right.empty()) {
        return "the flag " + report::EscapeText(flag) + " stands after its verb: " + right;
      }
      const std::string near = Nearest(flag, OptionNames(*verb));
      return words + " knows no flag " + shown +
             (near.empty() ? "" : "; did you mean " + near + "?");
    }
    if (!verb->get_subcommands({}).empty()) {
      const std::string flag_meant = FlagMeant(extra);
      const bool is_known = Knows(*verb, flag_meant);
      const std::string near =
          is_known ? words + " " + flag_meant : Nearest(extra, VerbNames(*verb));
      return words + " knows no verb " + shown +
             (near.empty() ? "" : "; did you mean " + near + "?");
    }
    return words + " takes no further argument: " + shown;
  }
  return "";
}

std::string ExplainValues(const CLI::App& app) {
  std::string words;
  const CLI::App* verb = Reached(app, words);
  std::string why = ExplainEmpty(app);
  if (why.empty()) why = ExplainText(app);
  if (why.empty()) why = ExplainNumbers(*verb, words);
  if (why.empty()) why = ExplainTwice(app, *verb, words);
  return why;
}

}  // namespace kith::cli
