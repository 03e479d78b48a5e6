// SPDX-License-Identifier: Apache-2.0
#include "server/embedded.h"

int main(int argc, char** argv) {
  kith::server::StartProcess();
  return kith::server::EndProcess("kithd", kith::server::RunKithd(argc, argv));
}
