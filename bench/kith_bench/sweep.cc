// SPDX-License-Identifier: Apache-2.0
#include "bench/kith_bench/sweep.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace kith::bench {
namespace {

// What can be varied, in the order in which it takes the x axis.
struct Axis {
  std::string_view name;
  double (*of)(const IndexBenchResult&);
  bool is_logarithmic;
};
constexpr std::array<Axis, 4> kAxes = {
    {{"codes", [](const IndexBenchResult& r) { return static_cast<double>(r.count); }, true},
     {"radius, bits", [](const IndexBenchResult& r) { return double(r.radius_bits); }, false},
     {"bands", [](const IndexBenchResult& r) { return double(r.bands); }, false},
     {"threads", [](const IndexBenchResult& r) { return static_cast<double>(r.threads); }, false}}};

// Colours that are told apart by those who see few of them, too (Okabe and Ito 2008).
constexpr std::array<std::string_view, 7> kColours = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                                      "#E69F00", "#56B4E9", "#000000"};
constexpr double kFrameWidth = 420;
constexpr double kFrameHeight = 300;
constexpr double kLeft = 76;
constexpr double kTop = 34;
constexpr double kRight = 20;
constexpr double kBottom = 52;
constexpr double kHead = 62;    // title and subtitle
constexpr double kLegend = 30;  // a line of it
constexpr std::size_t kColumns = 2;

std::string Escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

// 1000000 as "1 M".
std::string Short(double value) {
  constexpr std::array<std::pair<double, std::string_view>, 3> kUnits = {
      {{1e9, " G"}, {1e6, " M"}, {1e3, " k"}}};
  for (const auto& [unit, name] : kUnits) {
    if (value >= unit) return fmt::format("{:.4g}{}", value / unit, name);
  }
  return fmt::format("{:.4g}", value);
}

// From values to places along an axis.
struct Scale {
  double low = 0;
  double high = 1;
  bool is_logarithmic = false;
  double from = 0;  // the place of `low`
  double to = 0;

  [[nodiscard]] double At(double value) const {
    const auto way = [&](double v) { return is_logarithmic ? std::log10(v) : v; };
    return from + (to - from) * (way(value) - way(low)) / (way(high) - way(low));
  }
};

Scale WholeDecades(double low, double high) {
  Scale scale{.is_logarithmic = true};
  scale.low = std::pow(10, std::floor(std::log10(low)));
  scale.high = std::pow(10, std::ceil(std::log10(high)));
  if (scale.high <= scale.low) scale.high = scale.low * 10;
  return scale;
}

using Frame = std::vector<const IndexBenchResult*>;

struct Plot {
  const Axis* x = nullptr;
  Scale x_scale;
  Scale y_scale;
  std::vector<double> x_values;
  std::vector<std::string> engines;
  std::vector<std::pair<std::string, Frame>> frames;  // with their headings
};

// The values of the other axes that were varied, for the heading of a frame.
std::string HeadingOf(const IndexBenchResult& result, const std::vector<const Axis*>& others) {
  std::string heading;
  for (const Axis* axis : others) {
    const std::string_view name = axis->name.substr(0, axis->name.find(','));
    heading += fmt::format("{}{} {}", heading.empty() ? "" : ", ", name, Short(axis->of(result)));
  }
  return heading;
}

Plot Arrange(std::span<const IndexBenchResult> results) {
  Plot plot;
  std::vector<const Axis*> others;
  for (const Axis& axis : kAxes) {
    std::set<double> values;
    for (const IndexBenchResult& result : results) values.insert(axis.of(result));
    if (values.size() < 2 && !(plot.x == nullptr && &axis == &kAxes.back())) continue;
    if (plot.x != nullptr) {
      others.push_back(&axis);
      continue;
    }
    plot.x = &axis;
    plot.x_values.assign(values.begin(), values.end());
  }
  double low = HUGE_VAL;
  double high = 0;
  for (const IndexBenchResult& result : results) {
    if (std::isfinite(result.qps_per_core) && result.qps_per_core > 0) {
      low = std::min(low, result.qps_per_core);
      high = std::max(high, result.qps_per_core);
    }
    if (std::find(plot.engines.begin(), plot.engines.end(), result.engine) == plot.engines.end()) {
      plot.engines.push_back(result.engine);
    }
    const std::string heading = HeadingOf(result, others);
    auto frame = std::find_if(plot.frames.begin(), plot.frames.end(),
                              [&](const auto& one) { return one.first == heading; });
    if (frame == plot.frames.end()) frame = plot.frames.insert(frame, {heading, {}});
    frame->second.push_back(&result);
  }
  plot.y_scale = high > 0 ? WholeDecades(low, high) : WholeDecades(1, 10);
  plot.x_scale = {.low = plot.x_values.front(),
                  .high = plot.x_values.back(),
                  .is_logarithmic = plot.x->is_logarithmic};
  // A single value stands in the middle.
  if (plot.x_values.size() == 1) {
    plot.x_scale.low = plot.x_values.front() / 2;
    plot.x_scale.high = plot.x_values.front() * 3 / 2 + 1;
    plot.x_scale.is_logarithmic = false;
  }
  return plot;
}

void DrawGrid(const Plot& plot, const Scale& x, const Scale& y, std::string& svg) {
  const double decades = std::floor(std::log10(y.high * 1.001 / y.low));
  for (int decade = 0; decade <= decades; ++decade) {
    const double value = y.low * std::pow(10.0, decade);
    const double at = y.At(value);
    svg += fmt::format("<path class=\"grid\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>\n", x.from, at, x.to);
    svg += fmt::format("<text class=\"end\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", x.from - 6,
                       at + 4, Short(value));
  }
  double last = -HUGE_VAL;
  for (const double value : plot.x_values) {
    const double at = x.At(value);
    svg += fmt::format("<path class=\"grid\" d=\"M{:.1f} {:.1f}V{:.1f}\"/>\n", at, y.to, y.from);
    if (at - last < 34) continue;  // its words would lie over those of the one before
    last = at;
    svg += fmt::format("<text class=\"mid\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", at, y.from + 17,
                       Short(value));
  }
}

void DrawCurves(const Plot& plot, const Frame& frame, const Scale& x, const Scale& y,
                std::string& svg) {
  for (std::size_t engine = 0; engine < plot.engines.size(); ++engine) {
    const std::string_view colour = kColours[engine % kColours.size()];
    std::vector<std::pair<double, const IndexBenchResult*>> points;
    for (const IndexBenchResult* result : frame) {
      if (result->engine == plot.engines[engine] && result->qps_per_core > 0 &&
          std::isfinite(result->qps_per_core)) {
        points.emplace_back(plot.x->of(*result), result);
      }
    }
    std::sort(points.begin(), points.end());
    std::string way;
    std::string dots;
    for (const auto& [value, result] : points) {
      const double at_x = x.At(value);
      const double at_y = y.At(result->qps_per_core);
      way += fmt::format("{}{:.1f} {:.1f}", way.empty() ? "M" : "L", at_x, at_y);
      dots += fmt::format(
          "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\" fill=\"{}\"><title>{}, {}: {} queries a "
          "second a core, recall {:.4f}</title></circle>\n",
          at_x, at_y, colour, Escape(result->engine), Short(value), Short(result->qps_per_core),
          result->recall);
    }
    if (way.empty()) continue;
    svg += fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>\n{}", way,
                       colour, dots);
  }
}

void DrawFrame(const Plot& plot, const std::string& heading, const Frame& frame, double left,
               double top, std::string& svg) {
  Scale x = plot.x_scale;
  x.from = left + kLeft;
  x.to = left + kFrameWidth - kRight;
  Scale y = plot.y_scale;
  y.from = top + kFrameHeight - kBottom;
  y.to = top + kTop;
  svg += fmt::format("<text class=\"mid bold\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
                     (x.from + x.to) / 2, top + 20, Escape(heading));
  DrawGrid(plot, x, y, svg);
  svg += fmt::format("<path class=\"axis\" d=\"M{:.1f} {:.1f}V{:.1f}H{:.1f}\"/>\n", x.from, y.to,
                     y.from, x.to);
  svg += fmt::format("<text class=\"mid\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
                     (x.from + x.to) / 2, y.from + 36, plot.x->name);
  svg += fmt::format(
      "<text class=\"mid\" transform=\"translate({:.1f} {:.1f}) rotate(-90)\">queries/s a "
      "core</text>\n",
      left + 16, (y.from + y.to) / 2);
  DrawCurves(plot, frame, x, y, svg);
}

}  // namespace

std::string SweepTable(std::span<const IndexBenchResult> results) {
  std::string table =
      "| engine | codes | radius | bands | threads | batch | build s | queries/s | per core | "
      "bytes/code | resident MiB | peak MiB | faults minor | major | recall | wrong |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n";
  constexpr double kMebibyte = 1 << 20;
  for (const IndexBenchResult& r : results) {
    table += fmt::format(
        "| {} | {} | {} | {} | {} | {} | {:.2f} | {:.0f} | {:.0f} | {:.1f} | {:.0f} | {:.0f} | {} "
        "| {} | {:.4f} | {} |\n",
        r.engine, r.count, r.radius_bits, r.bands == 0 ? "own" : std::to_string(r.bands), r.threads,
        r.batch, r.build_seconds, r.qps, r.qps_per_core, r.bytes_per_hash,
        static_cast<double>(r.resident_bytes) / kMebibyte,
        static_cast<double>(r.peak_bytes) / kMebibyte, r.minor_faults, r.major_faults, r.recall,
        r.wrong_hits);
  }
  return table;
}

std::string SweepPlot(std::span<const IndexBenchResult> results, const std::string& title,
                      const std::string& subtitle) {
  const Plot plot = Arrange(results);
  const std::size_t columns = std::min(kColumns, std::max<std::size_t>(1, plot.frames.size()));
  const std::size_t rows = (plot.frames.size() + columns - 1) / columns;
  const double width = std::max(2 * kFrameWidth, static_cast<double>(columns) * kFrameWidth);
  const double height = kHead + kLegend + static_cast<double>(rows) * kFrameHeight + 10;
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 "
      "0 {0:.0f} {1:.0f}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n"
      "<title>{2}</title>\n"
      "<style>.mid{{text-anchor:middle}}.end{{text-anchor:end}}.bold{{font-weight:bold}}"
      ".grid{{stroke:#e2e2e2;fill:none}}.axis{{stroke:#555;fill:none}}</style>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
      "<text x=\"20\" y=\"26\" font-size=\"17\" class=\"bold\">{2}</text>\n"
      "<text x=\"20\" y=\"47\" fill=\"#555\">{3}</text>\n",
      width, height, Escape(title), Escape(subtitle));
  double at = 20;
  for (std::size_t engine = 0; engine < plot.engines.size(); ++engine) {
    svg += fmt::format(
        "<rect x=\"{:.0f}\" y=\"{:.0f}\" width=\"12\" height=\"12\" fill=\"{}\"/>"
        "<text x=\"{:.0f}\" y=\"{:.0f}\">{}</text>\n",
        at, kHead, kColours[engine % kColours.size()], at + 18, kHead + 11,
        Escape(plot.engines[engine]));
    at += 46 + 7.2 * static_cast<double>(plot.engines[engine].size());
  }
  std::size_t number = 0;
  for (const auto& [heading, frame] : plot.frames) {
    const std::size_t row = number / columns;
    DrawFrame(plot, heading, frame, kFrameWidth * static_cast<double>(number % columns),
              kHead + kLegend + kFrameHeight * static_cast<double>(row), svg);
    ++number;
  }
  return svg + "</svg>\n";
}

}  // namespace kith::bench
