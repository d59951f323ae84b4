// A client's bytes, cut anywhere, against the session: framing, hello, commands and their answers.
#include "sysext/fuzz/fuzz.h"
#include "sysext/test/core/fakes.h"

using namespace flowtap;
using namespace flowtap::core;
using namespace flowtap::core::test;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  Limits limits;
  limits.sessions = 2;
  World world(limits);
  FakeClient client(world.engine, input.ConsumeBool() ? 0 : 1000);
  if (input.ConsumeBool()) client.hello();
  if (input.ConsumeBool()) client.attachment = {wire::RefusedCode::kBusy, "busy"};
  FakeStream io;
  StreamFlow flow(world.engine, start(), io);
  if (flow.begin()) flow.connected();
  const size_t cut = input.ConsumeIntegralInRange<size_t>(1, 600);
  const std::string stream = fuzz::rest(input);
  size_t answers = 0;
  for (size_t at = 0; at < stream.size() && !client.session.over(); at += cut) {
    client.sendBytes(stream.substr(at, cut));
    if (at / cut % 8 == 7) world.engine.tick();
    world.engine.flush();
    client.decode();  // counts an answer that does not parse as a failure
    fuzz::require(client.frames.size() <= 4 * (at + cut) + 16, "answers are in proportion to what was asked");
    answers += client.all(&wire::ProxyFrame::refused).size();
    client.frames.clear();
  }
  fuzz::require(answers <= 1, "a client is refused once");
  fuzz::require(flowtap::test::failures() == 0, "every answer parses");
  flow.stop(CloseReason::kEof, 0);
  return 0;
}
