#!/bin/sh
# Runs the rendezvous between processes on the system's own XPC, on a Mac:  xpc_real.sh PROGRAM [FILTER]
# PROGRAM (xpc_real_test.cc) becomes a LaunchDaemon for the time of the test, and then is its own client. It must be one of
# the system's domain: clients look the name up as a privileged service, as they do for the system extension, and that
# finds no name of a user's session. So sudo is needed.
set -eu
program=$1
filter=${2:-}
label=dev.flowtap.xpc-test.$$

# launchd takes plists that only root can write, and root should run no program that others can.
folder=$(sudo mktemp -d /private/var/tmp/flowtap-xpc.XXXXXX)
loaded=
tidy() {
  if [ -n "$loaded" ]; then sudo launchctl bootout "system/$label" || true; fi
  sudo rm -rf "$folder"
}
trap tidy EXIT
trap 'exit 1' HUP INT TERM

sudo chmod 755 "$folder"
sudo install -o root -g wheel -m 755 "$program" "$folder/xpc-real-test"
sudo codesign --force --sign - --identifier dev.flowtap.xpc-test "$folder/xpc-real-test"
sudo tee "$folder/$label.plist" > /dev/null <<PLIST
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>$label</string>
  <key>ProgramArguments</key>
  <array>
    <string>$folder/xpc-real-test</string>
    <string>serve</string>
    <string>$label</string>
    <string>$(id -u)</string>
  </array>
  <key>MachServices</key>
  <dict>
    <key>$label</key><true/>
    <key>$label.trusted</key><true/>
    <key>$label.strict</key><true/>
    <key>$label.dying</key><true/>
    <key>$label.unserved</key><true/>
  </dict>
  <key>ThrottleInterval</key><integer>1</integer>
  <key>StandardErrorPath</key><string>$folder/log</string>
</dict>
</plist>
PLIST
sudo chmod 644 "$folder/$label.plist"
plutil -lint "$folder/$label.plist"

sudo launchctl bootstrap system "$folder/$label.plist"
loaded=yes
status=0
"$folder/xpc-real-test" client "$label" "$filter" || status=$?
if [ "$status" -ne 0 ]; then
  echo "What the service said:"
  sudo cat "$folder/log" || true
  sudo launchctl print "system/$label" || true
fi
exit "$status"
