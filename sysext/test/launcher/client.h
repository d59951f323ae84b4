#pragma once
namespace flowtap::test {
/// What captured programs do in these tests; see client.cc for the words.
int runClient(int argc, char** argv);
}  // namespace flowtap::test
