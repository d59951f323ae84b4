#pragma once
namespace flowtap::core {
/// The product's version, as in package.json (a test compares them).
constexpr const char* kBuild = "0.1.0";
/// Of the wire contract.
constexpr unsigned kWireVersion = 1;
}  // namespace flowtap::core
