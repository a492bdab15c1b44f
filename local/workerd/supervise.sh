#!/bin/sh
# Runs workerd with the arguments given, again whenever it ends unasked. SIGTERM lets it finish the requests under way.
# Descriptor 3 takes a line for each start, then what workerd reports. Descriptor 4, where there is one, is the socket that
# workerd serves: it stays open from one workerd to the next, so clients wait meanwhile and none is refused.
# UNIX_SOCKETS is the folder of those that workerd makes itself, which it does not where a file lies already.
stopping=
workerd=
trap 'stopping=1; [ -z "$workerd" ] || kill -TERM "$workerd" 2>/dev/null' TERM
while [ -z "$stopping" ]; do
  [ -z "$UNIX_SOCKETS" ] || rm -f "$UNIX_SOCKETS"/*.sock
  "$WORKERD_BINARY" "$@" &
  workerd=$!
  [ -z "$stopping" ] || kill -TERM "$workerd"
  echo "{\"event\":\"start\",\"pid\":$workerd}" >&3
  # A signal that was trapped ends `wait` early.
  while kill -0 "$workerd" 2>/dev/null; do wait "$workerd"; done
  workerd=
  [ -n "$stopping" ] || sleep 1
done
