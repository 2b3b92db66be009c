#!/usr/bin/env bash
# labels: project
# The NEON level, in an emulator.
exec "$MOTET_SOURCE/scripts/test-neon"
