// SPDX-License-Identifier: Apache-2.0
#include "tests/end_to_end/browser.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/strings/escaping.h"

namespace kith::end_to_end {
namespace {

// Reads every frame once all are loaded, and leaves what it saw as its own text.
constexpr char kReader[] = R"html(<script>
addEventListener('load', () => {
  const pages = [...document.querySelectorAll('iframe')].map(frame => {
    const page = frame.contentDocument;
    return {
      title: page.title,
      text: page.body.textContent,
      requests: frame.contentWindow.performance.getEntriesByType('resource').length,
      elements: page.querySelectorAll('*').length,
      scripts: page.querySelectorAll('script').length,
      wide: page.documentElement.scrollWidth > 1280,
    };
  });
  const bytes = new TextEncoder().encode(JSON.stringify(pages));
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  document.body.textContent = 'KITH[' + btoa(text) + ']';
});
</script>)html";

}  // namespace

Shown OpenInBrowser(const World& world, const std::vector<std::filesystem::path>& files) {
  std::string frames = "<!doctype html><html><body>";
  for (const auto& file : files) {
    frames +=
        "<iframe width=\"1280\" height=\"800\" src=\"file://" + file.string() + "\"></iframe>";
  }
  world.Write("frames.html", frames + kReader + "</body></html>");
  Command command;
  command.arguments = {"chromium",
                       "--headless",
                       "--no-sandbox",
                       "--disable-gpu",
                       "--disable-quic",
                       "--no-first-run",
                       "--disable-background-networking",
                       "--disable-component-update",
                       "--disable-sync",
                       "--disable-dev-shm-usage",
                       "--allow-file-access-from-files",  // of the reader, to look into the frames
                       "--enable-logging=stderr",
                       "--user-data-dir=" + world.Path("chromium").string(),
                       "--dump-dom",
                       "file://" + world.Path("frames.html").string()};
  command.environment = {{"HOME", world.Path("home").string()},
                         {"TMPDIR", world.Path(".").string()},
                         {"LC_ALL", "C.UTF-8"}};
  command.folder = world.Path(".").string();
  const Outcome outcome = RunToEnd(command, std::chrono::seconds(180));
  Shown shown;
  shown.log = outcome.out + outcome.err;
  std::istringstream lines(outcome.err);
  for (std::string line; std::getline(lines, line);) {
    if (line.find(":CONSOLE") != std::string::npos) shown.console.push_back(line);
  }
  const std::size_t from = outcome.out.find("KITH[");
  const std::size_t to = outcome.out.find(']', from);
  std::string text;
  if (from == std::string::npos || to == std::string::npos ||
      !absl::Base64Unescape(outcome.out.substr(from + 5, to - from - 5), &text)) {
    ADD_FAILURE() << "no pages from chromium (Debian package chromium), exit code "
                  << outcome.exit_code << "\n"
                  << shown.log;
    return shown;
  }
  for (const auto& page : nlohmann::json::parse(text)) {
    shown.pages.push_back({.title = page["title"],
                           .text = page["text"],
                           .requests = page["requests"],
                           .elements = page["elements"],
                           .scripts = page["scripts"],
                           .wider_than_window = page["wide"]});
  }
  return shown;
}

}  // namespace kith::end_to_end
