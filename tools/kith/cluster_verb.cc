// SPDX-License-Identifier: Apache-2.0
//
// Clusters: new files of all cases that lie near each other.
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "proto/kith/v1/casework.grpc.pb.h"
#include "tools/exchange/hash_text.h"
#include "tools/kith/command_line.h"
#include "tools/kith/listing.h"
#include "tools/kith/verbs.h"
#include "tools/report/path_text.h"
#include "tools/report/words.h"

namespace kith::cli {
namespace {

using Stub = v1::CaseworkService::Stub;

template <typename Body>
int Run(const Program& program, const Body& body) {
  return WithEngine<v1::CaseworkService>(program, "cluster", body);
}

std::vector<std::string> Words(const google::protobuf::RepeatedPtrField<std::string>& names) {
  return {names.begin(), names.end()};
}

int ListClusters(const Program& program, Limit limit) {
  return Run(program, [&](Stub& stub) -> absl::StatusOr<int> {
    Table table({">CLUSTER", ">CASES", ">FILES", "IN"});
    absl::Status status = ForEachPage(
        stub, &Stub::ListClusters, v1::ListClustersRequest(),
        [&](const v1::ListClustersResponse& page) {
          for (const v1::Cluster& cluster : page.clusters()) {
            if (!limit.Take()) break;
            std::string names;
            for (const std::string& name : cluster.case_names()) {
              names += (names.empty() ? "" : ", ") + name;
            }
            if (program.json) {
              PrintJson({{"type", "cluster"},
                         {"cluster", cluster.cluster_id()},
                         {"files", cluster.files()},
                         {"cases", Words(cluster.case_names())}});
            }
            table.Add({std::to_string(cluster.cluster_id()),
                       report::Number(static_cast<std::uint64_t>(cluster.case_names_size())),
                       report::Number(cluster.files()), names});
          }
          return limit.goes_on();
        });
    if (!status.ok()) return status;
    limit.Tell();
    PrintTable(program, table, "no new files of two cases, or two of one, lie near each other");
    return kExitDone;
  });
}

int ShowCluster(const Program& program, std::uint64_t id) {
  return Run(program, [&](Stub& stub) -> absl::StatusOr<int> {
    v1::GetClusterRequest request;
    request.set_cluster_id(id);
    Table table({"SHA-256", "CASES", "PATH"});
    absl::Status status =
        ForEachPage(stub, &Stub::GetCluster, request, [&](const v1::GetClusterResponse& page) {
          for (const v1::ClusterFile& file : page.files()) {
            std::string names;
            for (const std::string& name : file.case_names()) {
              names += (names.empty() ? "" : ", ") + name;
            }
            if (program.json) {
              nlohmann::ordered_json line{{"type", "cluster_file"},
                                          {"cluster", id},
                                          {"sha256", exchange::Hex(file.sha256())},
                                          {"cases", Words(file.case_names())}};
              report::PutBytes(line, "path", file.path());
              PrintJson(line);
            }
            table.Add({exchange::Hex(file.sha256()), names, file.path()});
          }
        });
    if (!status.ok()) return status;
    PrintTable(program, table, "no file");
    return kExitDone;
  });
}

}  // namespace

void AddClusterVerb(CLI::App& app, Program& program) {
  CLI::App* group =
      AddGroup(app, "cluster", "Clusters: new files of all cases that lie near each other.",
               "kith cluster list\nkith cluster show 12\nkith cluster list --json");
  CLI::App* list = AddVerb(*group, program, "list",
                           "Lists clusters, those in most cases first: look at these first.",
                           "kith cluster list\nkith cluster list --json\n"
                           "kith cluster list --server 127.0.0.1:7475");
  AddEngineFlags(*list, program);
  auto most = std::make_shared<std::uint64_t>(0);
  AddLimitFlag(*list, *most);
  OnRun(*list, program, [most, &program] { return ListClusters(program, Limit(*most)); });
  CLI::App* show = AddVerb(*group, program, "show", "Shows the files of one cluster.",
                           "kith cluster show 12\nkith cluster show 12 --json\n"
                           "kith cluster show 12 --store /srv/kith");
  auto id = std::make_shared<std::uint64_t>(0);
  show->add_option("id", *id, "Its number")->type_name("ID")->required();
  AddEngineFlags(*show, program);
  OnRun(*show, program, [id, &program] { return ShowCluster(program, *id); });
}

}  // namespace kith::cli
