// The objects behind xpc_object_t.
#pragma once
#include <unistd.h>
#include <xpc/xpc.h>

#include <atomic>
#include <map>
#include <string>

#include "native/shim/shim.h"

struct _xpc_type_s {
  int number;
};

namespace shim {

struct Object {
  const xpc_type_t type;
  const bool global;
  std::atomic<int> references{1};
  explicit Object(xpc_type_t t, bool isGlobal = false) : type(t), global(isGlobal) {
    if (!global) countObject(1);
  }
  Object(const Object&) = delete;
  virtual ~Object() {
    if (!global) countObject(-1);
  }
};

struct FdBox final : Object {
  const int fd;
  explicit FdBox(int taken) : Object(XPC_TYPE_FD), fd(taken) {}
  ~FdBox() override { ::close(fd); }
};

struct Value {
  enum Kind { kNumber, kString, kData, kObject } kind = kNumber;
  uint64_t number = 0;
  std::string bytes;
  xpc_object_t object = nullptr;  ///< retained
};

struct Connection;
/// Tells that the request `id` of the connection that shares a link with `connection` gets no answer any more.
void abandonReply(Connection* connection, uint64_t id);

struct Dictionary final : Object {
  std::map<std::string, Value> values;
  // Of a received message and of a reply to it.
  Connection* connection = nullptr;  ///< retained; the receiver's end
  uint64_t replyId = 0;              ///< 0: no answer is awaited
  bool isReply = false;
  std::string senderSignature;
  Dictionary() : Object(XPC_TYPE_DICTIONARY) {}
  ~Dictionary() override;
  void set(const char* key, Value value);
  const Value* get(const char* key, Value::Kind kind) const;
};

inline Object* asObject(xpc_object_t object) {
  if (!object) trap("NULL is no object");
  return static_cast<Object*>(object);
}
inline Dictionary* asDictionary(xpc_object_t object) {
  if (asObject(object)->type != XPC_TYPE_DICTIONARY) trap("not a dictionary");
  return static_cast<Dictionary*>(asObject(object));
}

}  // namespace shim
