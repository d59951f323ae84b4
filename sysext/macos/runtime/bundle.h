// What the names in our own Info.plist say.
#pragma once
#include <string>

namespace flowtap::macos {

/// The Team ID that the endpoint's name begins with: an application group of macOS is "TEAMID1234.…". "" for any other.
std::string teamOf(const std::string& endpoint);
/// The build number that the endpoint's name ends in; "" where it ends in none.
std::string buildOf(const std::string& endpoint);

}  // namespace flowtap::macos
