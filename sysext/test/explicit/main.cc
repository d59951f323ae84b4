// Tests of the flow core with fake sockets, clients and time.   core-test [NAME]
#include "native/test/check.h"

int main(int argc, char** argv) { return flowtap::test::runAll(argc > 1 ? argv[1] : ""); }
