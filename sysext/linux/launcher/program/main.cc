#include "sysext/linux/launcher/launch.h"

int main(int argc, char** argv) { return flowtap::linux_::launch(argc, argv); }
