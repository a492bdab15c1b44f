#!/bin/sh
# Starts workerd deaf to Ctrl-C, which a terminal sends to every process of the group: the launcher stops workerd itself,
# after the requests under way. An ignored signal stays ignored across exec.
trap '' INT HUP
exec "$WORKERD_BINARY" "$@"
