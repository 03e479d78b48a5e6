// SPDX-License-Identifier: Apache-2.0
#include "server/embedded.h"

int main(int argc, char** argv) { return kith::server::RunKithd(argc, argv); }
