// Waits, in a test, for the last object of the stand-in to be gone.
#pragma once
#include <cstdio>

#include "native/shim/shim.h"
#include "native/test/check.h"

namespace shim {

inline bool nothingIsLeft() {
  const bool gone = flowtap::test::eventually([] {
    fireTimers();
    return liveObjects() == 0;
  });
  if (!gone) std::printf("  %ld objects are left\n", liveObjects());
  return gone;
}

}  // namespace shim
