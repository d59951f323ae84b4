#!/bin/sh
# Asks each endpoint of the sample server once, some of them at the same time.
url=${SAMPLE_URL:-http://127.0.0.1:8737}
if ! curl -s "$url/ok"; then
  echo "Nothing answers at $url: start the sample's server first (README.md)." >&2
  exit 1
fi
curl -s "$url/slow" &
curl -s -o /dev/null -w 'large: %{size_download} bytes\n' "$url/large"
echo 'said and heard' | curl -s --data-binary @- "$url/echo"
curl -s -w 'error: status %{http_code}\n' "$url/error"
curl -s -o /dev/null "$url/reset" || echo 'reset: the server broke off, as it should'
curl -s "http://127.0.0.1:1/" || echo 'refused: nothing listens on port 1, as expected'
wait
