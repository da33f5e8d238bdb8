#!/bin/sh
# Runs the Lua tests. As root they run in pid, mnt and ipc namespaces of their own, so that neither what others do on the machine nor another
# nssh counts as left behind. unshare(1) makes them and not nssh: what is tested is not what the tests stand on. An ordinary user's
# tests run where they are: in a user namespace of their own they would not be an ordinary user's.
# usage: Tools/test-lua.sh NSSH [WORD | -WORD …], as for Tests/lua/run.lua
set -eu
nssh=$1
shift
# What is started in a script's background, or by nohup, has these ignored, and so would have all that is tested.
set -- env --default-signal=INT,QUIT,PIPE "$nssh" Tests/lua/run.lua "$@"
if [ "$(id -u)" -ne 0 ]; then exec "$@"; fi
# PID 1 is a shell: it reaps what the tests' daemons leave.
# shellcheck disable=SC2016 # for that shell
exec unshare --mount --pid --ipc --fork --kill-child --mount-proc -- /bin/sh -c '"$@"; exit $?' sh "$@"
